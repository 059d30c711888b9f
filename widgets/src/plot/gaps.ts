import type { Columns, Slice } from './columns.ts';

const MOST_SAMPLES = 64;
const samples = new Float64Array(MOST_SAMPLES);

/** How many times the usual distance between neighbours may be before it is a gap. */
const PATIENCE = 3;

/** Shorter distances are never a gap: nobody sees them, and history that was thinned to pixels has them everywhere. */
const LEAST_PIXELS = 2.5;

/**
 * The distance between two points, in ms, above which no line is drawn between them.
 *
 * It is three times the distance that nine of ten neighbours keep. The median would break the lines of streams that
 * report irregularly (of exponential distances one in eight is above three medians; one in a thousand is above this).
 * Up to 64 distances, spread evenly over the slice, are looked at.
 */
export function gapLimit({ times }: Columns, { start, end }: Slice, msPerPixel: number): number {
  const distances = end - start - 1;
  if (distances < 2) return Infinity;
  const count = Math.min(distances, MOST_SAMPLES);
  for (let i = 0; i < count; i++) {
    const at = start + Math.floor((i * distances) / count);
    samples[i] = times[at + 1]! - times[at]!;
  }
  const usual = samples.subarray(0, count).sort()[Math.floor((count - 1) * 0.9)]!;
  return Math.max(PATIENCE * usual, LEAST_PIXELS * msPerPixel);
}
