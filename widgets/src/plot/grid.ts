import { timeToX, valueToY } from './pane.ts';
import type { Inks } from './picture.ts';
import type { Scene } from './scene.ts';

/** No label of a time is wider, in pixels; measuring is slow. */
const WIDEST_LABEL = 120;

/** Hairlines at round values, values left of them, times below. */
export function grid(
  context: CanvasRenderingContext2D,
  { pane, valueTicks, timeTicks }: Scene,
  inks: Inks,
  ratio: number,
): void {
  const { left, right, bottom } = pane;
  const hairline = 1 / ratio;
  const crisp = (position: number) => Math.round(position * ratio) / ratio;
  context.font = inks.font;

  context.textAlign = 'right';
  context.textBaseline = 'middle';
  const y = valueToY(pane);
  for (const { at, label } of valueTicks) {
    context.fillStyle = inks.grid;
    context.fillRect(left, crisp(y(at)), right - left, hairline);
    context.fillStyle = inks.text;
    context.fillText(label, left - 8, y(at) + 0.5);
  }

  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  const x = timeToX(pane);
  for (const { at, label } of timeTicks) {
    const middle = crisp(x(at));
    // A label that does not fit whole is not shown: letters that slide out of the picture distract.
    const isNearEdge = Math.min(middle, right - middle) < WIDEST_LABEL / 2;
    const half = isNearEdge ? context.measureText(label).width / 2 : 0;
    if (middle - half < 0 || middle + half > right + 8) continue;
    context.fillText(label, middle, bottom + 17);
    context.fillRect(middle, bottom, hairline, 4);
  }
}
