import type { Columns } from '@quantumflux/sdk/protocol';

/** Statistics of equal intervals; only those that have points, oldest first. */
export type Rollup = Record<'t' | 'min' | 'max' | 'first' | 'last' | 'avg' | 'count', Float64Array>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Lengths that people think in, so that the starts of intervals are round times.
const niceIntervals = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28, 91, 182, 364].map((count) => count * DAY),
];

/** The shortest round interval of which no more than `width` make up the range, in ms. */
export function intervalFor(rangeMs: number, width: number): number {
  return niceIntervals.find((interval) => rangeMs / interval <= width) ?? Math.ceil(rangeMs / width / DAY) * DAY;
}

/** Statistics per interval. Intervals start at whole multiples of their length since the epoch. */
export function rollUp({ times, values }: Columns, intervalMs: number): Rollup {
  const length = countIntervals(times, intervalMs);
  const column = () => new Float64Array(length);
  const rollup: Rollup = {
    t: column(),
    min: column(),
    max: column(),
    first: column(),
    last: column(),
    avg: column(),
    count: column(),
  };
  let at = -1;
  let sum = 0;
  for (let i = 0; i < times.length; i++) {
    const start = Math.floor(times[i]! / intervalMs) * intervalMs;
    const value = values[i]!;
    if (at < 0 || rollup.t[at] !== start) {
      at++;
      sum = 0;
      rollup.t[at] = start;
      rollup.min[at] = rollup.max[at] = rollup.first[at] = value;
    }
    sum += value;
    rollup.count[at]!++;
    rollup.min[at] = Math.min(rollup.min[at]!, value);
    rollup.max[at] = Math.max(rollup.max[at]!, value);
    rollup.last[at] = value;
    rollup.avg[at] = sum / rollup.count[at]!;
  }
  return rollup;
}

/**
 * Of each interval the first, the lowest, the highest and the last point, as they are. A line through them looks the
 * same as one through all. (M4: Jugel et al., VLDB 2014.)
 */
export function thin({ times, values }: Columns, intervalMs: number): Columns {
  const kept: number[] = [];
  for (let start = 0; start < times.length;) {
    const end = (Math.floor(times[start]! / intervalMs) + 1) * intervalMs;
    let [low, high, next] = [start, start, start + 1];
    for (; next < times.length && times[next]! < end; next++) {
      if (values[next]! < values[low]!) low = next;
      if (values[next]! > values[high]!) high = next;
    }
    for (const index of [start, Math.min(low, high), Math.max(low, high), next - 1]) {
      if (index !== kept.at(-1)) kept.push(index);
    }
    start = next;
  }
  return { times: Float64Array.from(kept, (i) => times[i]!), values: Float64Array.from(kept, (i) => values[i]!) };
}

function countIntervals(times: Float64Array, intervalMs: number): number {
  let count = 0;
  let current = Number.NaN;
  for (const time of times) {
    const start = Math.floor(time / intervalMs);
    if (start !== current) count++;
    current = start;
  }
  return count;
}
