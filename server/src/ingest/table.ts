import { MAX_BATCH_POINTS, QuantumFluxError } from '@quantumflux/sdk/protocol';
import { CsvError, parse as parseCsv } from 'csv-parse/sync';
import { isUtf8 } from 'node:buffer';
import { tooManyPoints } from './point-batch.ts';

/** A file is a few measurements over time, not a matrix. */
const MAX_COLUMNS = 1_000;

export type Cell = string | number | boolean | null;

/** What a file holds: names, and rows that have a cell for each of them. */
export type Table = { names: string[]; rows: Cell[][] };

/** A file of comma (or semicolon, or tab) separated values whose first line says the names. */
export function readCsv(body: Buffer): Table {
  try {
    const [names = [], ...rows] = parseCsv(textOf(body), {
      bom: true,
      delimiter: [',', ';', '\t'],
      trim: true,
      skip_empty_lines: true,
      max_record_size: 1_000_000,
      to: MAX_BATCH_POINTS + 2,
    });
    return checked({ names, rows });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new QuantumFluxError('invalid_input', `The file is not CSV: ${cause.message}.`, { cause });
  }
}

/** A file with one JSON object per line. Keys that a line leaves out are empty there. */
export function readNdjson(body: Buffer): Table {
  const lines = textOf(body).split(/\r?\n/);
  const objects = lines.flatMap((line, i) => (line.trim() === '' ? [] : [objectOf(line, i + 1)]));
  if (objects.length > MAX_BATCH_POINTS) throw tooManyPoints();
  const names = [...new Set(objects.flatMap((object) => [...object.keys()]))];
  if (names.length > MAX_COLUMNS) throw new QuantumFluxError('invalid_input', `More than ${MAX_COLUMNS} columns.`);
  return checked({ names, rows: objects.map((object) => names.map((name) => cellOf(name, object.get(name)))) });
}

function checked(table: Table): Table {
  const { names, rows } = table;
  if (rows.length > MAX_BATCH_POINTS) throw tooManyPoints();
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new QuantumFluxError('invalid_input', `There are two columns ${twice}.`);
  if (rows.length > 0) return table;
  throw new QuantumFluxError('invalid_input', 'The file has no rows.');
}

function objectOf(line: string, number: number): Map<string, unknown> {
  try {
    const value = JSON.parse(line) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value));
  } catch {
    // Said below, with the number of the line.
  }
  throw new QuantumFluxError('invalid_input', `Line ${number} is not a JSON object.`);
}

function cellOf(name: string, value: unknown): Cell {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === undefined || value === null) return null;
  throw new QuantumFluxError('invalid_input', `${name}: must be a number or a text, not a list or an object.`, {
    path: name,
  });
}

function textOf(body: Buffer): string {
  if (isUtf8(body)) return body.toString();
  throw new QuantumFluxError('invalid_input', 'The file is not UTF-8 text.');
}
