import { COLUMNS_TYPE } from '@quantumflux/sdk/protocol';
import { writeColumns } from './answer.columns.ts';
import { writeCsv } from './answer.csv.ts';
import { writeJson } from './answer.json.ts';
import type { AnsweredSeries } from './series.ts';

/** In which words an answer may come. */
export type Format = 'json' | 'csv' | 'columns';

/** By media type, as Accept names them. */
export const formats: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'text/csv': 'csv',
  [COLUMNS_TYPE]: 'columns',
};

/** What Content-Type says of each. */
export const typeOf: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  columns: COLUMNS_TYPE,
};

const writers: Readonly<Record<Format, (series: AnsweredSeries[]) => Generator<Uint8Array | string>>> = {
  json: writeJson,
  csv: writeCsv,
  columns: writeColumns,
};

/** The bytes of an answer. `pace` lets others run, and throws when nobody wants it any more. */
export async function write(format: Format, series: AnsweredSeries[], pace: () => Promise<void>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const part of writers[format](series)) {
    parts.push(Buffer.from(part));
    await pace();
  }
  return Buffer.concat(parts);
}
