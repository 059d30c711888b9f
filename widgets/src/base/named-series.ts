import type { LiveSeries } from './client.ts';
import { labelsOf } from './labels.ts';

/** A series with the words for it. */
export type NamedSeries = { readonly series: LiveSeries; readonly label: string; readonly unit: string | null };

/** `unit`: written by the page instead of what the stream says. */
export function nameSeries(all: readonly LiveSeries[], unit: string): NamedSeries[] {
  const labels = labelsOf(all.map(({ meta }) => meta));
  return all.map((series, i) => ({ series, label: labels[i]!, unit: unit || series.meta.unit }));
}

/** The newest value of a series, if it has any. */
export function newestValue({ values, length }: LiveSeries): number | undefined {
  return length > 0 ? values[length - 1] : undefined;
}
