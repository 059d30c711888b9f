import type { Columns, FrameRange, Position, ResyncReason } from '@quantumflux/sdk/protocol';
import type { LiveStream, Viewer } from './channel.ts';
import { createBackfill, type BackfillPorts } from './backfill.ts';
import { createHistories, type HistoryAnswer, type HistoryQuestion } from './histories.ts';
import { picked } from './picked.ts';
import { stretchesBetween } from './position.ts';
import { createResumes, type Resumed } from './resumes.ts';

// Why there is no seam between history and live. A socket joins its channel first, and notes in the same turn of the loop
// how far the channels are: `at`. From there on it gets everything, live. What is replayed brings it up to `at`, or
// further: a reader drops what it has twice. `ids` are looked up after joining, and every stream of an entry is met before
// the entry is delivered, so they lack no stream of an entry up to `at`. History may be newer than `at`; whether streams
// began in between is looked up in the very entries in between. Where partitions are followed only while somebody watches, all
// of this is begun anew (subscriptions.ts) until those of its streams were followed at `at`, and have been since.

/** What replay asks of others. */
export type ReplayPorts = {
  journal: BackfillPorts['journal'] & { heads(): Promise<Position> };
  recent: BackfillPorts['recent'];
  /** Points of streams between two times in ms, and the position at which they were read. */
  history: (ids: number[], from: number, to: number) => Promise<{ position: Position; columns: Map<number, Columns> }>;
  /** The interval to thin to, in ms, for a range in ms on so many pixels. */
  intervalFor: (rangeMs: number, width: number) => number;
  thin: (columns: Columns, intervalMs: number) => Columns;
  catalog: { get(id: number): LiveStream | undefined; meet(ids: number[]): Promise<void> };
  metrics: { backfilledRows: { inc(by: number): void } };
};

/** Who is to be brought up to date. */
export type Newcomer = {
  channel: { id: number; viewer: Viewer; sees(stream: LiveStream): boolean };
  /** The version of the protocol that it speaks. */
  protocol: number;
  /** How far the channels were when it joined. */
  at: Position;
  /** The streams that it sees, looked up after it joined. */
  ids: readonly number[];
};

export type Replay = {
  /** What a reader missed since its position, as one frame; or why that cannot be told. */
  since(newcomer: Newcomer, resume: Position): Promise<Resumed | { resync: ResyncReason }>;

  /** What a new subscription gets before live frames: history, up to where it joined or further. */
  history(newcomer: Newcomer, question: HistoryQuestion): Promise<HistoryAnswer>;

  /** The journal is another one. */
  clear(): void;
};

/** Brings subscriptions up to date. Those who want the same within a moment share the work, whoever they are. */
export function createReplay(ports: ReplayPorts): Replay {
  const backfill = createBackfill({ ...ports, onRead: (rows) => ports.metrics.backfilledRows.inc(rows) });
  const resumes = createResumes({ heads: ports.journal.heads, between });
  const histories = createHistories({ ...ports, read: backfill.read, between });

  /** What there is of some streams between two positions; undefined when that is no longer there, or too much. */
  async function between(ids: ReadonlySet<number>, from: Position, to: Position): Promise<FrameRange[] | undefined> {
    const stretches = stretchesBetween(from, to);
    if (stretches.reduce((sum, { after, last }) => sum + last - after, 0) > MAX_ENTRIES) return undefined;
    const ranges: FrameRange[] = [];
    let room = MAX_BYTES;
    for (const stretch of stretches) {
      const missed = await backfill.read(stretch, room);
      if (!missed) return undefined;
      room -= missed.reduce((sum, { payload }) => sum + payload.length, 0);
      ranges.push({ ...stretch, entries: await picked(missed, ids) });
    }
    return ranges;
  }

  return {
    since: resumes.since,
    history: histories.history,
    clear() {
      backfill.clear();
      resumes.clear();
      histories.clear();
    },
  };
}

/** Most entries that are looked through for a reader, and most bytes of them, its own or not. Beyond, history is better. */
const MAX_ENTRIES = 20_000;
const MAX_BYTES = 8 * 1_024 * 1_024;
