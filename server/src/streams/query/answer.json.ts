import type { AnsweredSeries } from './series.ts';

/** `{"streams": [{stream, tags, unit, kind, resolution, t, …}, …]}`; a gap is null. */
export function* writeJson(series: AnsweredSeries[]): Generator<string> {
  yield '{"streams":[';
  for (const [i, { meta, resolution, columns }] of series.entries()) {
    // JSON has no NaN: it becomes null by itself.
    const lists = columns.map(([name, column]) => [name, Array.from(column)] as const);
    yield (i === 0 ? '' : ',') + JSON.stringify({ ...meta, resolution, ...Object.fromEntries(lists) });
  }
  yield ']}';
}
