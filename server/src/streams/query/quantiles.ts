import type { Columns } from '@quantumflux/sdk/protocol';
import { emptyColumn, placeOf, type Grid } from './grid.ts';

/** The values of each interval, of all pieces together, ascending. `pace` lets others run meanwhile. */
export async function sortedValues(pieces: Columns[], grid: Grid, pace: () => Promise<void>): Promise<Float64Array[]> {
  const counts = new Uint32Array(grid.count);
  for (const piece of pieces) {
    visit(piece, grid, (place) => counts[place]!++);
    await pace();
  }
  const sorted = Array.from(counts, (count) => new Float64Array(count));
  counts.fill(0);
  for (const piece of pieces) {
    visit(piece, grid, (place, value) => (sorted[place]![counts[place]!++] = value));
    await pace();
  }
  for (const values of sorted) {
    values.sort();
    await pace();
  }
  return sorted;
}

/**
 * The value below which a share of the values of each interval lies, from 0 to 1; between two values in proportion, as
 * Prometheus and numpy do it (type 7 of Hyndman and Fan, The American Statistician 50, 1996).
 */
export function quantileOf(sorted: Float64Array[], share: number, grid: Grid): Float64Array {
  const column = emptyColumn(grid);
  for (const [place, values] of sorted.entries()) {
    if (values.length === 0) continue;
    const rank = share * (values.length - 1);
    const weight = rank - Math.floor(rank);
    const [low, high] = [values[Math.floor(rank)]!, values[Math.ceil(rank)]!];
    // Two of the same are that, and not what the sum of their parts is rounded to.
    column[place] = low === high ? low : low * (1 - weight) + high * weight;
  }
  return column;
}

function visit({ times, values }: Columns, grid: Grid, each: (place: number, value: number) => void): void {
  for (let i = 0; i < times.length; i++) {
    const place = placeOf(times[i]!, grid);
    if (place >= 0 && place < grid.count) each(place, values[i]!);
  }
}
