import { formatValue } from '../plot/unit.ts';
import type { LiveSeries } from './client.ts';
import { labelsOf } from './labels.ts';

/** A series with the words for it. */
export type NamedSeries = { readonly series: LiveSeries; readonly label: string; readonly unit: string | null };

/** `unit`: written by the page, instead of what the streams say. */
export function nameSeries(all: readonly LiveSeries[], unit: string): NamedSeries[] {
  const labels = labelsOf(all.map(({ meta }) => meta));
  return all.map((series, i) => ({ series, label: labels[i]!, unit: unit || series.meta.unit }));
}

/** The unit of all of them; null when they differ. */
export function commonUnit([first, ...others]: readonly NamedSeries[]): string | null {
  return first && others.every(({ unit }) => unit === first.unit) ? first.unit : null;
}

/** A line of the legend: the newest value in words. */
export function newestText({ series: { values, length }, label, unit }: NamedSeries, index: number) {
  return { index, label, value: length > 0 ? formatValue(values[length - 1]!, unit) : '–' };
}
