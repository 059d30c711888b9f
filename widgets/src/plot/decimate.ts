import type { Columns, Slice } from './columns.ts';

/** Indices of the points to draw: the first `count` entries. Kept from frame to frame, so that drawing allocates nothing. */
export type Kept = { indices: Int32Array; count: number };

export function nothingKept(): Kept {
  return { indices: new Int32Array(0), count: 0 };
}

/**
 * Keeps, for every pixel column, the first, lowest, highest and last point of a slice. The line looks the same as with
 * all of them, never loses an extreme and never has more than four points per pixel.
 *
 * Columns are counted from the epoch and not from the edge of the window: a point stays in its column while the window
 * moves, so the picture moves without shimmering.
 */
export function decimate({ times, values }: Columns, { start, end }: Slice, msPerPixel: number, kept: Kept): void {
  const count = end - start;
  const pixels = count > 0 ? (times[end - 1]! - times[start]!) / msPerPixel : 0;
  const most = Math.min(count, Math.ceil(4 * (pixels + 2)));
  if (kept.indices.length < most) kept.indices = new Int32Array(most * 2);
  const { indices } = kept;
  let size = 0;

  // Looking for extremes pays only when columns have several points.
  if (count <= 2 * pixels) {
    for (let i = start; i < end; i++) indices[size++] = i;
    kept.count = size;
    return;
  }

  for (let first = start; first < end;) {
    const columnEnd = (Math.floor(times[first]! / msPerPixel) + 1) * msPerPixel;
    let low = first;
    let high = first;
    let lowest = values[first]!;
    let highest = lowest;
    let next = first + 1;
    for (; next < end && times[next]! < columnEnd; next++) {
      const value = values[next]!;
      if (value < lowest) {
        lowest = value;
        low = next;
      } else if (value > highest) {
        highest = value;
        high = next;
      }
    }
    const earlier = Math.min(low, high);
    const later = Math.max(low, high);
    indices[size++] = first;
    if (earlier > first) indices[size++] = earlier;
    if (later > earlier) indices[size++] = later;
    if (next - 1 > later) indices[size++] = next - 1;
    first = next;
  }
  kept.count = size;
}
