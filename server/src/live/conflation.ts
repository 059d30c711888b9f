import { ByteWriter, decodeBlock, writeBlock, type Columns, type FrameRange } from '@quantumflux/sdk/protocol';
import type { Gathered, Gathering } from './gathering.ts';

/** As many bytes of a stream may wait before they are thinned, so that a slow beat holds no more than it will send. */
const MAX_WAITING = 64 * 1_024;

/** New points of a stream since they were sent last. */
type Waiting = {
  stream: number;
  /** Copies, so that the entries that they were in are not held until the next beat. */
  blocks: Uint8Array[];
  bytes: number;
  /** What was thinned already, and of how many points it is left. */
  thinned: Columns | undefined;
  count: number;
};

/** Of each stream and pixel column the lowest and the highest point since the last time, and the newest of all (S14). */
export function gatherExtremes(intervalMs: number): Gathering {
  const stretches = new Map<number, { after: number; last: number; streams: Map<number, Waiting> }>();

  return {
    add({ partition, offset, stream, sent, payload, start, end }) {
      let stretch = stretches.get(partition);
      if (!stretch) stretches.set(partition, (stretch = { after: sent, last: offset, streams: new Map() }));
      stretch.last = offset;
      let waiting = stretch.streams.get(stream);
      if (!waiting) {
        waiting = { stream, blocks: [], bytes: 0, thinned: undefined, count: 0 };
        stretch.streams.set(stream, waiting);
      }
      waiting.blocks.push(payload.slice(start, end));
      waiting.bytes += end - start;
      if (waiting.bytes > MAX_WAITING) thinOut(waiting, intervalMs);
    },

    get isEmpty() {
      return stretches.size === 0;
    },

    has: (partition) => stretches.has(partition),

    take() {
      let skipped = 0;
      const ranges: FrameRange[] = [];
      for (const [partition, { after, last, streams }] of stretches) {
        const out = new ByteWriter();
        for (const waiting of streams.values()) skipped += write(out, waiting, intervalMs);
        ranges.push({ partition, after, last, entries: [{ offset: last, blocks: out.toBytes() }] });
      }
      stretches.clear();
      return { delivery: skipped > 0 ? 'conflated' : 'whole', skipped, ranges } satisfies Gathered;
    },

    clear: () => stretches.clear(),
  };
}

/** Writes what is left of a stream's points: its own bytes, if that is all of them. Returns how many were left out. */
function write(out: ByteWriter, waiting: Waiting, intervalMs: number): number {
  const { stream, blocks, thinned } = waiting;
  const before = thinned ? undefined : blocks.slice();
  const columns = thinOut(waiting, intervalMs);
  const skipped = waiting.count - columns.times.length;
  if (before && skipped === 0) for (const block of before) out.bytes(block);
  else writeBlock(out, stream, columns);
  return skipped;
}

function thinOut(waiting: Waiting, intervalMs: number): Columns {
  const { stream, thinned, blocks } = waiting;
  const parts = blocks.map((bytes) => decodeBlock({ stream, bytes }));
  waiting.count += parts.reduce((sum, { times }) => sum + times.length, 0);
  waiting.thinned = extremes(joined(thinned ? [thinned, ...parts] : parts), intervalMs);
  waiting.blocks = [];
  waiting.bytes = 0;
  return waiting.thinned;
}

/**
 * Of each interval the lowest and the highest point, and the last of all, as they are, in the order of their times: who shows
 * the newest value would show another one for ever when nothing comes after it. Of points with the same
 * time only the one written last counts. When that leaves nothing out, they stay in the order in which they came.
 */
export function extremes(columns: Columns, intervalMs: number): Columns {
  const { times, values } = inOrder(columns);
  const kept: number[] = [];
  for (let start = 0; start < times.length;) {
    const interval = Math.floor(times[start]! / intervalMs);
    let [low, high, next] = [start, start, start + 1];
    for (; next < times.length && Math.floor(times[next]! / intervalMs) === interval; next++) {
      if (values[next]! < values[low]!) low = next;
      if (values[next]! > values[high]!) high = next;
    }
    kept.push(Math.min(low, high));
    if (low !== high) kept.push(Math.max(low, high));
    start = next;
  }
  const newest = times.length - 1;
  if (newest >= 0 && kept.at(-1) !== newest) kept.push(newest);
  if (kept.length === columns.times.length) return columns;
  return pick({ times, values }, kept);
}

/** By time, each time once. */
function inOrder(columns: Columns): Columns {
  const { times } = columns;
  if (times.every((time, i) => i === 0 || times[i - 1]! < time)) return columns;
  // Sorting is stable, so of equal times the last is the newest.
  const order = Array.from(times.keys()).sort((a, b) => times[a]! - times[b]!);
  return pick(
    columns,
    order.filter((index, i) => times[index] !== times[order[i + 1] ?? -1]),
  );
}

function pick({ times, values }: Columns, indexes: readonly number[]): Columns {
  return { times: Float64Array.from(indexes, (i) => times[i]!), values: Float64Array.from(indexes, (i) => values[i]!) };
}

function joined(parts: readonly Columns[]): Columns {
  if (parts.length === 1) return parts[0]!;
  const length = parts.reduce((sum, { times }) => sum + times.length, 0);
  const all = { times: new Float64Array(length), values: new Float64Array(length) };
  let at = 0;
  for (const { times, values } of parts) {
    all.times.set(times, at);
    all.values.set(values, at);
    at += times.length;
  }
  return all;
}
