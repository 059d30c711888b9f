import type { Columns } from '@quantumflux/sdk/protocol';

const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

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

/** The shortest round interval of which no more than `width` touch the time between two moments, in ms. */
export function intervalAcross({ from, to }: { from: number; to: number }, width: number): number {
  const fits = (interval: number) => Math.floor(to / interval) - Math.floor(from / interval) < width;
  const nice = niceIntervals.find(fits);
  if (nice !== undefined) return nice;
  // No interval crosses the epoch, so what does always touches two.
  const crosses = from < 0 && to >= 0;
  let days = Math.max(1, Math.ceil((to - from) / width / DAY));
  while (!fits(days * DAY) && !(crosses && width === 1 && days * DAY > to - from)) days += Math.ceil(days / 16);
  return days * DAY;
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
