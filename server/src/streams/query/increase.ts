import type { Columns, StreamKind } from '@quantumflux/sdk/protocol';
import type { Rollup } from '../rollup.ts';
import { emptyColumn, placeOf, type Grid } from './grid.ts';

/** How much a stream rose in each interval, and the seconds that this took; NaN where no two points tell. */
export type Increase = { delta: Float64Array; seconds: Float64Array };

/** Nothing is known yet. */
export function noIncrease(grid: Grid): Increase {
  return { delta: emptyColumn(grid), seconds: emptyColumn(grid) };
}

/**
 * Adds how much a stream rose, from point to point. A step belongs to the interval of its later point, so that nothing is
 * lost at the borders of intervals, and what rose during a gap belongs to the interval that ends it. A counter that falls
 * began again at zero, as in Prometheus (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate). The
 * first of the points is only where the next one comes from.
 */
export function addIncrease(
  { delta, seconds }: Increase,
  { times, values }: Columns,
  { kind, grid }: { kind: StreamKind; grid: Grid },
): void {
  for (let i = 1; i < times.length; i++) {
    const place = placeOf(times[i]!, grid);
    if (place < 0) continue;
    if (place >= grid.count) break;
    const step = values[i]! - values[i - 1]!;
    const rise = kind === 'counter' && step < 0 ? values[i]! : step;
    const tookMs = times[i]! - times[i - 1]!;
    delta[place] = Number.isNaN(delta[place]!) ? rise : delta[place]! + rise;
    seconds[place] = (Number.isNaN(seconds[place]!) ? 0 : seconds[place]!) + tookMs / 1_000;
  }
}

/** How much a gauge rose, from its statistics: its steps add up to what lies between its last values. */
export function deltaOfGauge({ t, first, last, count }: Rollup, grid: Grid): Float64Array {
  const delta = emptyColumn(grid);
  for (let i = 0; i < t.length; i++) {
    const place = placeOf(t[i]!, grid);
    if (place < 0 || place >= grid.count) continue;
    if (i > 0) delta[place] = last[i]! - last[i - 1]!;
    else if (count[i]! > 1) delta[place] = last[i]! - first[i]!;
  }
  return delta;
}
