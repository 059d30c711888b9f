import type { Point } from '../protocol/index.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const roundIntervals = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
];

/** The shortest round interval of which `width` fill a length of time, in ms. */
export function intervalFor(rangeMs: number, width: number): number {
  return roundIntervals.find((interval) => rangeMs / interval <= width) ?? Math.ceil(rangeMs / width / DAY) * DAY;
}

/**
 * Of each interval the lowest and the highest point, as they are and in their order, and the last of all; with `withEnds`
 * also the first and the last of each interval.
 */
export function thin(points: readonly Point[], intervalMs: number, { withEnds = false } = {}): Point[] {
  const columns = new Map<number, Point[]>();
  for (const point of points) {
    const column = Math.floor(point[0] / intervalMs);
    const others = columns.get(column);
    if (others) others.push(point);
    else columns.set(column, [point]);
  }
  const kept = new Set(points.slice(-1));
  for (const column of columns.values()) {
    kept.add(column.reduce((low, point) => (point[1] < low[1] ? point : low)));
    kept.add(column.reduce((high, point) => (point[1] > high[1] ? point : high)));
    if (withEnds) kept.add(column[0]!).add(column.at(-1)!);
  }
  return points.filter((point) => kept.has(point));
}
