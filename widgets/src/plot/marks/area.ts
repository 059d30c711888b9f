import { type Pane, timeToX, valueToY } from '../pane.ts';
import type { Trace } from '../scene.ts';
import { eachPiece } from './pieces.ts';

/** The surface between a series and zero, or the nearest edge of the pane when zero is out of sight. */
export function area(context: CanvasRenderingContext2D, trace: Trace, pane: Pane, color: string, strength: number): void {
  const { times, values } = trace.columns;
  const { indices } = trace.kept;
  const x = timeToX(pane);
  const y = valueToY(pane);
  const ground = Math.min(pane.bottom, Math.max(pane.top, y(0)));

  context.beginPath();
  eachPiece(trace, (first, last) => {
    context.moveTo(x(times[indices[first]!]!), ground);
    for (let k = first; k <= last; k++) context.lineTo(x(times[indices[k]!]!), y(values[indices[k]!]!));
    context.lineTo(x(times[indices[last]!]!), ground);
  });
  context.globalAlpha = strength;
  context.fillStyle = color;
  context.fill();
  context.globalAlpha = 1;
}
