import type { LiveSeries } from '../base/client.ts';
import type { NamedSeries } from '../base/named-series.ts';
import { within } from '../plot/columns.ts';
import { nearest } from '../plot/nearest.ts';
import { timeToX, valueToY } from '../plot/pane.ts';
import type { Scene } from '../plot/scene.ts';
import { formatTime } from '../plot/time-axis.ts';
import { formatValue } from '../plot/unit.ts';
import type { Entry } from './legend.ts';

/** A value under the crosshair, and where its dot stands. */
export type Spot = Entry & { readonly x: number; readonly y: number };

/** What is to be read at one moment. */
export type Inspection = {
  readonly time: number;
  readonly x: number;
  readonly title: string;
  readonly spots: readonly Spot[];
};

/** More values than these do not fit beside a crosshair. */
const MOST_SPOTS = 8;

/** The points nearest to a moment: it is moved to the nearest of them, and series without a point close to it are left out. */
export function inspect(time: number, { pane, traces }: Scene, all: readonly NamedSeries[]): Inspection | undefined {
  const indexAt = (series: LiveSeries, time: number) => nearest(series, time, within(series, pane.from, pane.to));
  let moment: number | undefined;
  for (const { series } of all) {
    const candidate = series.times[indexAt(series, time)];
    if (candidate === undefined) continue;
    if (moment === undefined || Math.abs(candidate - time) < Math.abs(moment - time)) moment = candidate;
  }
  if (moment === undefined) return undefined;

  const x = timeToX(pane);
  const y = valueToY(pane);
  const spots: Spot[] = [];
  for (const [index, { series, label, unit }] of all.entries()) {
    const at = indexAt(series, moment);
    const pointTime = series.times[at];
    const reach = (traces[index]?.gap ?? Infinity) / 2;
    if (spots.length === MOST_SPOTS || pointTime === undefined || Math.abs(pointTime - moment) > reach) continue;
    const value = series.values[at]!;
    spots.push({ index, label, value: formatValue(value, unit), x: x(pointTime), y: y(value) });
  }
  return { time: moment, x: x(moment), title: formatTime(moment, pane.to - pane.from), spots };
}
