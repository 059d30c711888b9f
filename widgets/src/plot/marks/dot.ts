import { type Pane, timeToX, valueToY } from '../pane.ts';
import type { Trace } from '../scene.ts';

const RADIUS = 2.5;

/** The newest point of a series: where it lives. */
export function dot(
  context: CanvasRenderingContext2D,
  { columns, kept, points }: Trace,
  pane: Pane,
  color: string,
): void {
  if (points === 0) return;
  const newest = kept.indices[kept.count - 1]!;
  context.beginPath();
  context.arc(timeToX(pane)(columns.times[newest]!), valueToY(pane)(columns.values[newest]!), RADIUS, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
}
