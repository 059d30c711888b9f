import {
  blocksOf,
  ByteWriter,
  encodeFrame,
  encodeFrameV1,
  resolveTime,
  writeBlock,
  type Columns,
  type FrameEntry,
  type FrameRange,
  type Position,
  type ResyncReason,
  type TimeInput,
} from '@quantumflux/sdk/protocol';
import type { Entry, JournalTail } from './follower.ts';

/** Most that a reader may have missed and still gets one by one. Beyond it, thinned history is the better answer. */
const MAX_ENTRIES = 20_000;
const MAX_BYTES = 4 * 1_024 * 1_024;

/** What replay asks of others. */
export type ReplayPorts = {
  journal: JournalTail;
  /** Points of streams between two times in ms, and the position at which they were read. */
  history: (ids: number[], from: number, to: number) => Promise<{ position: Position; columns: Map<number, Columns> }>;
  /** The interval to thin to, in ms, for a range in ms on so many pixels. */
  intervalFor: (rangeMs: number, width: number) => number;
  thin: (columns: Columns, intervalMs: number) => Columns;
};

/** What a new subscription gets before live frames: history. */
export async function replayHistory(
  { history, intervalFor, thin }: ReplayPorts,
  ids: number[],
  { from, width, now }: { from: TimeInput; width: number; now: number },
) {
  const start = resolveTime(from, now);
  // Points may be ahead of our clock; live ones come anyway.
  const { position, columns } = await history(ids, start, Number.MAX_SAFE_INTEGER);
  const intervalMs = intervalFor(Math.max(1, now - start), width);
  const out = new ByteWriter();
  let isThinned = false;
  for (const [id, all] of columns) {
    const isDense = all.times.length > 4 * width;
    isThinned ||= isDense;
    const drawn = isDense ? thin(all, intervalMs) : all;
    if (drawn.times.length > 0) writeBlock(out, id, drawn);
  }
  return { position, blocks: out.toBytes(), intervalMs: isThinned ? intervalMs : null };
}

/** What a reader missed since its position, as one frame for `channel`; or why that cannot be told. */
export async function replaySince(
  { journal }: ReplayPorts,
  resume: Position,
  { channel, wants, protocol }: { channel: number; wants: (stream: number) => boolean; protocol: number },
): Promise<{ position: Position; frame: Uint8Array } | { resync: ResyncReason }> {
  const position = await journal.heads();
  if (position.epoch !== resume.epoch) return { resync: 'epoch' };
  const since = new Map(resume.offsets);
  const missed = position.offsets.map(([partition, head]) => ({
    partition,
    head,
    after: since.get(partition) ?? 0,
  }));
  if (missed.some(({ head, after }) => after > head)) return { resync: 'rewound' };

  const ranges: FrameRange[] = [];
  let room = { entries: MAX_ENTRIES, bytes: MAX_BYTES };
  for (const { partition, head, after } of missed) {
    const entries = head > after ? await journal.after(partition, after, room) : [];
    const read = entries.filter(({ offset }) => offset <= head);
    // Fewer than there should be: a limit was met, or they are no longer in the journal.
    if (read.length < head - after) return { resync: 'too_far' };
    room = {
      entries: room.entries - read.length,
      bytes: room.bytes - read.reduce((sum, { payload }) => sum + payload.length, 0),
    };
    ranges.push({ partition, after, last: head, entries: read.flatMap((entry) => entryFor(entry, wants)) });
  }
  const section = { channel, delivery: 'whole' as const, skipped: 0, ranges };
  const { epoch } = position;
  return {
    position,
    frame: protocol < 2 ? encodeFrameV1(epoch, section) : encodeFrame({ epoch, sections: [section] }),
  };
}

function entryFor({ offset, payload }: Entry, wants: (stream: number) => boolean): FrameEntry[] {
  const wanted = [...blocksOf(payload)].filter(({ stream }) => wants(stream));
  if (wanted.length === 0) return [];
  const out = new ByteWriter();
  for (const { bytes } of wanted) out.bytes(bytes);
  return [{ offset, blocks: out.toBytes() }];
}
