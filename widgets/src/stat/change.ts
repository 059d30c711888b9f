import type { LiveSeries } from '../base/client.ts';
import { spanInWords } from '../base/words.ts';
import { within } from '../plot/columns.ts';
import { formatValue } from '../plot/unit.ts';

type Window = { readonly span: number; readonly now: number; readonly unit: string | null };

/** How far the value is from the first one of the window, in words: `▲ 4.1% in 5 minutes`. */
export function changeInWords(series: LiveSeries, { span, now, unit }: Window): string {
  const { values, length } = series;
  const { start, end } = within(series, now - span, Infinity);
  if (start === end) return '';
  const change = values[length - 1]! - values[start]!;
  const since = `in ${spanInWords(span)}`;
  if (change === 0) return `unchanged ${since}`;
  return `${change > 0 ? '▲' : '▼'} ${formatValue(Math.abs(change), unit)} ${since}`;
}
