import { type Pane, timeToX, valueToY } from '../pane.ts';
import type { Trace } from '../scene.ts';
import { eachPiece } from './pieces.ts';

export type LineStyle = { readonly color: string; readonly dashed: boolean };

const WIDTH = 1.5;
const DASHES = [6, 3];
/** Half the length of the stroke that stands for a point without neighbours. */
const SPECK = 1;

/** A line through the points of a series, broken at its gaps. */
export function line(context: CanvasRenderingContext2D, trace: Trace, pane: Pane, { color, dashed }: LineStyle): void {
  const { columns, kept } = trace;
  const { times, values } = columns;
  const { indices } = kept;
  const x = timeToX(pane);
  const y = valueToY(pane);
  const isDense = kept.count > pane.right - pane.left;

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
  context.lineWidth = WIDTH;
  // Round corners cost most of the time of a dense line, where nobody sees them.
  context.lineJoin = isDense ? 'bevel' : 'round';
  context.lineCap = isDense ? 'butt' : 'round';
  context.setLineDash(dashed ? DASHES : []);
  context.stroke();
}
