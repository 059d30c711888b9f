import type { Trace } from '../scene.ts';

/** Calls back for every unbroken piece of a series: from the `first` to the `last` of its kept points. */
export function eachPiece({ columns: { times }, kept: { indices, count }, gap }: Trace, draw: (first: number, last: number) => void) {
  let first = 0;
  for (let k = 1; k <= count; k++) {
    if (k < count && times[indices[k]!]! - times[indices[k - 1]!]! <= gap) continue;
    draw(first, k - 1);
    first = k;
  }
}
