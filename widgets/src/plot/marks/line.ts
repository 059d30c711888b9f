import type { Pane } from '../pane.ts';
import type { Trace } from '../scene.ts';
import { tracePath } from './pieces.ts';

/** Width of all lines, in CSS pixels. */
export const LINE_WIDTH = 1.5;

const DASHES = [6, 3];

/** A line through the points of a series, broken at its gaps. */
export function line(
  context: CanvasRenderingContext2D,
  trace: Trace,
  pane: Pane,
  { color, dashed }: { color: string; dashed: boolean },
) {
  tracePath(context, trace, pane);
  context.strokeStyle = color;
  context.lineWidth = LINE_WIDTH;
  context.lineJoin = context.lineCap = 'round';
  context.setLineDash(dashed ? DASHES : []);
  context.stroke();
}
