/** Widths that are asked for are powers of the square root of two, so that charts of about the same size share. */
const STEPS_PER_DOUBLING = 2;
const LEAST_HZ = 5;
const MOST_HZ = 30;

/**
 * For how many pixels a chart asks for points, and how often they may come. It keeps asking for the width `asked` before
 * as long as that is enough and not far too much: being resized by a pixel changes nothing. New points come as often as
 * they move the picture by a pixel, within what eyes can use; `span` is the window, in ms.
 */
export function detailFor(width: number, span: number, asked: number): { width: number; maxHz: number } {
  const fits = width <= asked && width >= 0.4 * asked;
  const step = 2 ** (Math.ceil(STEPS_PER_DOUBLING * Math.log2(width || 1_000)) / STEPS_PER_DOUBLING);
  const next = asked > 0 && (fits || width === 0) ? asked : Math.min(10_000, Math.max(100, Math.round(step)));
  return { width: next, maxHz: Math.min(MOST_HZ, Math.max(LEAST_HZ, Math.round((next * 1_000) / span))) };
}
