import { groundOf, type Pane } from '../pane.ts';
import type { Trace } from '../scene.ts';
import { tracePath } from './pieces.ts';

/** The surface between a series and zero. `opacity`: from 0 to 1. */
export function area(
  context: CanvasRenderingContext2D,
  trace: Trace,
  pane: Pane,
  { color, opacity }: { color: string; opacity: number },
) {
  tracePath(context, trace, pane, groundOf(pane));
  context.globalAlpha = opacity;
  context.fillStyle = color;
  context.fill();
  context.globalAlpha = 1;
}
