import { streamKey } from '@quantumflux/sdk/protocol';
import type { AnsweredSeries } from './series.ts';

/** Rows that are written at a time. */
const ROWS = 1_000;

/**
 * CSV (RFC 4180): `stream`, `time`, and a column for each number that any stream has; a gap is empty. A spreadsheet takes
 * no cell for a formula: a stream's key starts with a letter or _ whatever its tags are, a time with a digit or a sign and
 * digits, and everything else is a number.
 */
export function* writeCsv(series: AnsweredSeries[]): Generator<string> {
  const names = [...new Set(series.flatMap(({ columns }) => columns.slice(1).map(([name]) => name)))];
  yield `${['stream', 'time', ...names].join(',')}\r\n`;
  for (const { meta, columns } of series) {
    const stream = quoted(streamKey(meta));
    const byName = new Map(columns);
    const times = columns[0]![1];
    for (let start = 0; start < times.length; start += ROWS) {
      let text = '';
      for (let i = start; i < Math.min(start + ROWS, times.length); i++) {
        text += `${stream},${timeText(times[i]!)}`;
        for (const name of names) text += `,${numberText(byName.get(name)?.[i])}`;
        text += '\r\n';
      }
      yield text;
    }
  }
}

/** ISO 8601 in UTC; to the microsecond where a time has parts of a millisecond. */
function timeText(time: number): string {
  const micros = Math.round((time - Math.floor(time)) * 1_000);
  const ms = Math.floor(time) + Math.floor(micros / 1_000);
  const text = new Date(ms).toISOString();
  return micros % 1_000 === 0 ? text : text.replace('Z', `${String(micros).padStart(3, '0')}Z`);
}

/** The shortest text from which the number can be read again. */
function numberText(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '' : String(value);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
