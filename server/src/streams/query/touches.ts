import { blocksOf, decodeBlock, type Position } from '@quantumflux/sdk/protocol';
import type { Bus, Stop } from '../../bus/bus.ts';
import type { JournalEntry } from '../journal.ts';
import type { Range } from '../snapshot.ts';
import { partitionOf } from '../stream.ts';

const defaults = {
  /** Streams that are watched at most; beyond, those that nobody asked for the longest are forgotten. */
  maxStreams: 20_000,
  /** How long to wait for an entry that is in the journal and was not heard of yet, in ms. */
  patienceMs: 20,
  /** How long a partition is listened to after somebody asked for one of its streams, in ms. */
  lingerMs: 600_000,
};

/** Touches that are told apart per stream; of more, the oldest are taken for one. */
const MAX_TOUCHES = 8;

/** Entries that may have come before one that is still missing. */
const MAX_AHEAD = 1_000;

/** An entry has points of the stream between two times. */
type Touch = Range & { offset: number };

/** What was heard of a partition: every entry after `start`, up to `last`, and those in `ahead`. */
type Heard = { start: number; last: number; ahead: Set<number> };

/** What was heard of a stream since this offset. */
type Watched = { since: number; touches: Touch[] };

/** A question that was answered at one position, and is asked at another. */
export type Unchanged = { ids: number[]; range: Range; since: Position; until: Position };

/**
 * Knows which streams were written to lately, and at which times, as far as the bus tells. What the bus lost, and what
 * was before somebody asked for a stream, is not known, and then nothing is said to be untouched.
 */
export function followTouches(bus: Bus, options: Partial<typeof defaults> = {}) {
  const { maxStreams, patienceMs, lingerMs } = { ...defaults, ...options };
  const partitions = new Map<number, Heard>();
  /** Those that are listened to, and when somebody asked for one of their streams. */
  const listening = new Map<number, { stop: Promise<Stop>; askedAt: number }>();
  // In the order in which they were asked for, the oldest first.
  const streams = new Map<number, Watched>();
  const waiting = new Set<() => void>();
  let epoch: number | undefined;

  function hear(entry: JournalEntry): void {
    const { partition, offset } = entry;
    let heard = partitions.get(partition);
    if (!heard) partitions.set(partition, (heard = { start: offset - 1, last: offset - 1, ahead: new Set() }));
    if (offset <= heard.last || heard.ahead.has(offset)) return;
    if (!record(entry)) return restart(heard, offset);
    heard.ahead.add(offset);
    while (heard.ahead.delete(heard.last + 1)) heard.last++;
    if (heard.ahead.size > MAX_AHEAD) restart(heard, Math.max(...heard.ahead));
  }

  /** Whether the entry could be read. */
  function record({ offset, payload }: JournalEntry): boolean {
    try {
      for (const block of blocksOf(payload)) {
        const watched = streams.get(block.stream);
        if (watched) touch(watched, { offset, ...hullOf(decodeBlock(block).times) });
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Nothing is known up to this offset. */
  function restart(heard: Heard, offset: number): void {
    heard.start = heard.last = Math.max(heard.last, offset);
    for (const each of heard.ahead) if (each <= heard.last) heard.ahead.delete(each);
  }

  /** Whether everything up to there was heard; waits a moment for what is under way. */
  async function hasHeard(partition: number, offset: number): Promise<boolean> {
    const isThere = () => (partitions.get(partition)?.last ?? -1) >= offset;
    if (isThere()) return true;
    if (!bus.isUp()) return false;
    const came = await new Promise<boolean>((resolve) => {
      const end = (result: boolean) => {
        clearTimeout(timer);
        waiting.delete(look);
        resolve(result);
      };
      const look = () => void (isThere() && end(true));
      const timer = setTimeout(() => end(false), patienceMs);
      waiting.add(look);
    });
    // It was lost. Whoever asks next shall not wait for it as well.
    const heard = partitions.get(partition);
    if (!came && heard) restart(heard, offset);
    return came;
  }

  /** From now on, for a while: what is written where nobody asks need not come here. */
  function listen(partition: number): void {
    const askedAt = performance.now();
    const already = listening.get(partition);
    if (already) already.askedAt = askedAt;
    else listening.set(partition, { stop: bus.subscribe('points', onMessage, { partition }), askedAt });
  }

  function onMessage({ epoch: theirs, ...entry }: JournalEntry & { epoch: number }): void {
    if (theirs !== (epoch ?? theirs)) {
      partitions.clear();
      streams.clear();
    }
    epoch = theirs;
    hear(entry);
    for (const look of waiting) look();
  }

  async function leave(partition: number): Promise<void> {
    const left = listening.get(partition);
    listening.delete(partition);
    // What comes from now on is not heard, so what was heard proves nothing any more.
    partitions.delete(partition);
    await (
      await left?.stop
    )?.();
  }

  const tidying = setInterval(() => {
    const oldest = performance.now() - lingerMs;
    for (const [partition, { askedAt }] of listening) if (askedAt < oldest) void leave(partition);
  }, lingerMs / 10);
  tidying.unref();

  return {
    /** Remembers what happens to these from now on. */
    watch(ids: number[]): void {
      for (const partition of new Set(ids.map(partitionOf))) listen(partition);
      for (const id of ids) {
        const heard = partitions.get(partitionOf(id));
        const watched = streams.get(id) ?? { since: heard ? Math.max(heard.last, ...heard.ahead) : 0, touches: [] };
        streams.delete(id);
        streams.set(id, watched);
      }
      for (const oldest of streams.keys()) {
        if (streams.size <= maxStreams) break;
        streams.delete(oldest);
      }
    },

    /** Whether it is certain that nothing was written into the range of these streams from one position to the other. */
    async isUntouched({ ids, range, since, until }: Unchanged): Promise<boolean> {
      if (since.epoch !== until.epoch) return false;
      const before = new Map(since.offsets);
      const moved = new Map(until.offsets.filter(([partition, offset]) => offset > (before.get(partition) ?? 0)));
      const asked = ids.filter((id) => moved.has(partitionOf(id)));
      if (asked.length === 0) return true;
      const known = await Promise.all(
        [...new Set(asked.map(partitionOf))].map((partition) => hasHeard(partition, moved.get(partition)!)),
      );
      if (epoch !== until.epoch || known.includes(false)) return false;
      return asked.every((id) => {
        const watched = streams.get(id);
        const heard = partitions.get(partitionOf(id));
        const from = before.get(partitionOf(id)) ?? 0;
        if (!watched || !heard || from < Math.max(watched.since, heard.start)) return false;
        return watched.touches.every((each) => each.offset <= from || each.to < range.from || each.from > range.to);
      });
    },

    async stop(): Promise<void> {
      clearInterval(tidying);
      await Promise.all([...listening.keys()].map(leave));
    },
  };
}

export type Touches = ReturnType<typeof followTouches>;

function touch({ touches }: Watched, newest: Touch): void {
  touches.push(newest);
  if (touches.length <= MAX_TOUCHES) return;
  const [a, b] = touches.splice(0, 2) as [Touch, Touch];
  touches.unshift({
    offset: Math.max(a.offset, b.offset),
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
  });
}

function hullOf(times: Float64Array): Range {
  let [from, to] = [Infinity, -Infinity];
  for (const time of times) {
    if (time < from) from = time;
    if (time > to) to = time;
  }
  return { from, to };
}
