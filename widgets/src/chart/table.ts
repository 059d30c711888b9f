import { html, type TemplateResult } from 'lit';
import type { NamedSeries } from '../base/named-series.ts';
import { formatTime } from '../plot/time-axis.ts';
import { formatExactly } from '../plot/unit.ts';

/** A moment and what each series is then, in words; empty where it has no point. */
type Row = { readonly time: number; readonly values: string[] };

export type Rows = { readonly labels: readonly string[]; readonly rows: readonly Row[] };

const MOST_ROWS = 200;

/** The newest moments of all series, newest first: each series counts with its newest `perSeries` points. */
export function newestRows(all: readonly NamedSeries[], perSeries: number): Rows {
  const rows = new Map<number, Row>();
  all.forEach(({ series: { times, values, length }, unit }, column) => {
    for (let i = Math.max(0, length - perSeries); i < length; i++) {
      const time = times[i]!;
      let row = rows.get(time);
      if (!row) rows.set(time, (row = { time, values: all.map(() => '') }));
      row.values[column] = formatExactly(values[i]!, unit);
    }
  });
  const newest = [...rows.values()].sort((a, b) => b.time - a.time).slice(0, MOST_ROWS);
  return { labels: all.map(({ label }) => label), rows: newest };
}

/** The same points as numbers, for who cannot see the lines or wants to read them exactly. `span`: of the window, in ms. */
export function table({ labels, rows }: Rows, { caption, span }: { caption: string; span: number }): TemplateResult {
  return html`<table part="table">
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">Time</th>
        ${labels.map((label) => html`<th scope="col">${label}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ time, values }) =>
          html`<tr>
            <th scope="row">${formatTime(time, span)}</th>
            ${values.map((value) => html`<td>${value}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
