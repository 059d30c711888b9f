import { type Pane, timeToX, valueToY } from '../pane.ts';
import type { Trace } from '../scene.ts';

/** Calls back for every unbroken piece of a series: from the `first` to the `last` of its kept points. */
export function eachPiece(
  { columns: { times }, kept: { indices, count }, gap }: Trace,
  draw: (first: number, last: number) => void,
) {
  let first = 0;
  for (let k = 1; k <= count; k++) {
    if (k < count && times[indices[k]!]! - times[indices[k - 1]!]! <= gap) continue;
    draw(first, k - 1);
    first = k;
  }
}

/** Half the length of the stroke that stands for a point without neighbours. */
const SPECK = 0.5;

/** Leads the context's path along a series. With `ground`, every piece begins and ends there. */
export function tracePath(context: CanvasRenderingContext2D, trace: Trace, pane: Pane, ground?: number): void {
  const { times, values } = trace.columns;
  const { indices } = trace.kept;
  const x = timeToX(pane);
  const y = valueToY(pane);
  const xAt = (k: number) => x(times[indices[k]!]!);
  context.beginPath();
  eachPiece(trace, (first, last) => {
    const widen = first === last ? SPECK : 0;
    context.moveTo(xAt(first) - widen, ground ?? y(values[indices[first]!]!));
    for (let k = first; k <= last; k++) context.lineTo(xAt(k) + widen, y(values[indices[k]!]!));
    if (ground !== undefined) context.lineTo(xAt(last), ground);
  });
}
