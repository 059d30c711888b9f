/** Intervals of equal length that follow each other. They start at whole multiples of their length since the epoch. */
export type Grid = {
  /** Their length. */
  stepMs: number;
  /** The first of them starts at `first * stepMs`. */
  first: number;
  /** How many they are. */
  count: number;
};

/** The starts of the intervals, in ms. */
export function startsOf({ stepMs, first, count }: Grid): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => (first + i) * stepMs);
}

/** Which interval a time is in: 0 for the first; negative before it, `count` or more after the last. */
export function placeOf(time: number, { stepMs, first }: Grid): number {
  return Math.floor(time / stepMs) - first;
}

/** A value for each interval; NaN where there is none. */
export function emptyColumn({ count }: Grid): Float64Array {
  return new Float64Array(count).fill(Number.NaN);
}
