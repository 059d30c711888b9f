import { html, type TemplateResult } from 'lit';
import type { LiveSeries } from '../base/client.ts';

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

type Words = { caption: string; labels: readonly string[]; time: (time: number) => string; value: (value: number, column: number) => string };

/** The same points as numbers, for who cannot see the lines or wants to read them exactly. */
export function table(rows: readonly Row[], { caption, labels, time, value }: Words): TemplateResult {
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
        (row) =>
          html`<tr>
            <th scope="row">${time(row.time)}</th>
            ${row.values.map((each, column) => html`<td>${each === undefined ? '' : value(each, column)}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
