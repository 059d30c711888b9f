import { html, type TemplateResult } from 'lit';
import type { LiveSeries } from '../base/client.ts';
import type { NamedSeries } from '../base/named-series.ts';
import { formatTime } from '../plot/time-axis.ts';
import { formatValue } from '../plot/unit.ts';

/** A moment and the value of each series then; undefined where it has no point. */
export type Row = { readonly time: number; readonly values: (number | undefined)[] };

const PER_SERIES = 50;
const MOST_ROWS = 200;

/** The newest moments of all series, newest first: each series counts with its newest fifty points. */
export function newestRows(all: readonly LiveSeries[]): Row[] {
  const rows = new Map<number, Row>();
  all.forEach(({ times, values, length }, column) => {
    for (let i = Math.max(0, length - PER_SERIES); i < length; i++) {
      const time = times[i]!;
      let row = rows.get(time);
      if (!row) rows.set(time, (row = { time, values: all.map(() => undefined) }));
      row.values[column] = values[i];
    }
  });
  return [...rows.values()].sort((a, b) => b.time - a.time).slice(0, MOST_ROWS);
}

type Words = { caption: string; named: readonly NamedSeries[]; /** Length of the window, in ms. */ span: number };

/** The same points as numbers, for who cannot see the lines or wants to read them exactly. */
export function table(rows: readonly Row[], { caption, named, span }: Words): TemplateResult {
  return html`<table part="table">
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">Time</th>
        ${named.map(({ label }) => html`<th scope="col">${label}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ time, values }) =>
          html`<tr>
            <th scope="row">${formatTime(time, span)}</th>
            ${values.map((value, i) => html`<td>${value === undefined ? '' : formatValue(value, named[i]!.unit)}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
