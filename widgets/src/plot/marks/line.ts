import { type Pane, timeToX, valueToY } from '../pane.ts';
import type { Trace } from '../scene.ts';
import { eachPiece } from './pieces.ts';

/** Width of all lines, in CSS pixels. */
export const LINE_WIDTH = 1.5;

const DASHES = [6, 3];
/** Half the length of the stroke that stands for a point without neighbours. */
const SPECK = 0.5;

/** A line through the points of a series, broken at its gaps. */
export function line(context: CanvasRenderingContext2D, trace: Trace, pane: Pane, { color, dashed }: { color: string; dashed: boolean }) {
  const { times, values } = trace.columns;
  const { indices } = trace.kept;
  const x = timeToX(pane);
  const y = valueToY(pane);

  context.beginPath();
  eachPiece(trace, (first, last) => {
    if (first === last) {
      const [pointX, pointY] = [x(times[indices[first]!]!), y(values[indices[first]!]!)];
      context.moveTo(pointX - SPECK, pointY);
      context.lineTo(pointX + SPECK, pointY);
      return;
    }
    for (let k = first; k <= last; k++) {
      const index = indices[k]!;
      if (k === first) context.moveTo(x(times[index]!), y(values[index]!));
      else context.lineTo(x(times[index]!), y(values[index]!));
    }
  });
  context.strokeStyle = color;
  context.lineWidth = LINE_WIDTH;
  context.lineJoin = context.lineCap = 'round';
  context.setLineDash(dashed ? DASHES : []);
  context.stroke();
}
