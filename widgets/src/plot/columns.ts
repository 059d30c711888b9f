import { bisectLeft, bisectRight } from 'd3-array';

/** A series as two columns, times ascending. The first `length` entries count; the arrays may be longer. */
export type Columns = { readonly times: Float64Array; readonly values: Float64Array; readonly length: number };

/** The points from index `start` up to, not including, `end`. */
export type Slice = { readonly start: number; readonly end: number };

export function columnsOf(points: readonly (readonly [time: number, value: number])[]): Columns {
  return {
    times: Float64Array.from(points, ([time]) => time),
    values: Float64Array.from(points, ([, value]) => value),
    length: points.length,
  };
}

/** The points of a window, both ends included. */
export function within({ times, length }: Columns, from: number, to: number): Slice {
  return { start: bisectLeft(times, from, 0, length), end: bisectRight(times, to, 0, length) };
}

/** The same and one point beyond each end, so that a line enters and leaves the picture instead of starting in it. */
export function withNeighbours({ start, end }: Slice, { length }: Columns): Slice {
  return { start: Math.max(0, start - 1), end: Math.min(length, end + 1) };
}
