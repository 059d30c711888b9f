import type { NamedSeries } from '../base/named-series.ts';
import { spanInWords } from '../base/words.ts';
import { formatValue } from '../plot/unit.ts';

/** More series than these are not read out: nobody can follow. */
const MOST_SERIES = 3;

/** What is to be seen, in a sentence per series: the newest value, and between what it moved. */
export function narrate(all: readonly NamedSeries[], { span, now }: { span: number; now: number }): string {
  const sentences = all.slice(0, MOST_SERIES).map(({ label, unit, series }) => {
    const { times, values, length } = series;
    let low = Infinity;
    let high = -Infinity;
    for (let i = length - 1; i >= 0 && times[i]! >= now - span; i--) {
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
    if (low > high) return `${label}: no points.`;
    const say = (value: number) => formatValue(value, unit);
    return `${label}: ${say(values[length - 1]!)}, between ${say(low)} and ${say(high)} in the last ${spanInWords(span)}.`;
  });
  const rest = all.length - sentences.length;
  return [...sentences, ...(rest > 0 ? [`${rest} more.`] : [])].join(' ');
}
