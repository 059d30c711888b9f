import { QuantumFluxError, resolveTime } from '@quantumflux/sdk/protocol';
import { BatchBuilder } from './batch-builder.ts';
import { streamNameOf, tagNameOf } from './names.ts';
import type { PointBatch } from './point-batch.ts';
import type { Cell, Table } from './table.ts';

/** What somebody says of a table, where it does not say so itself. */
export type TableOptions = {
  /** Goes before the name of each column: `plant` makes `plant.temp` of `temp`. */
  stream?: string | undefined;
  /** The column with the time. Default: the first one of `time`, `timestamp`, `date`, `datetime`, `ts`, `t`. */
  time?: string | undefined;
  /** Columns of numbers that are tags all the same. */
  tags?: string[];
};

const timeNames = ['time', 'timestamp', 'date', 'datetime', 'ts', 't'];
const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The points of a table. With columns `stream` and `value`, each row is a point; otherwise each column of numbers is a
 * stream. All other columns are tags.
 */
export function pointsOfTable(table: Table, options: TableOptions = {}): PointBatch {
  const { names, rows } = table;
  const time = timeColumn(names, options.time);
  const isLong = names.includes('stream') && names.includes('value');
  const values = isLong ? [names.indexOf('value')] : numberColumns(table, time, options.tags ?? []);
  const tags = names
    .map((_, i) => i)
    .filter((i) => i !== time && !values.includes(i) && !(isLong && names[i] === 'stream'));
  if (values.length === 0) throw new QuantumFluxError('invalid_input', 'There is no column of numbers.');

  const builder = new BatchBuilder();
  const prefix = options.stream ? `${options.stream}.` : '';
  rows.forEach((row, i) => {
    const at = timeOf(row[time], `rows.${i}.${names[time]}`);
    const tagged = Object.fromEntries(
      tags.filter((tag) => !isEmpty(row[tag])).map((tag) => [tagNameOf(names[tag]!), String(row[tag])]),
    );
    for (const column of values) {
      if (isEmpty(row[column])) continue;
      const value = numberOf(row[column]);
      const path = `rows.${i}.${names[column]}`;
      if (value === undefined) throw new QuantumFluxError('invalid_input', `${path}: must be a number.`, { path });
      const name = isLong ? String(row[names.indexOf('stream')] ?? '') : names[column]!;
      builder.add(builder.open({ stream: streamNameOf(prefix + name), tags: tagged }), at, value);
    }
  });
  return builder.finish();
}

function timeColumn(names: string[], asked: string | undefined): number {
  const column =
    asked === undefined ? names.findIndex((name) => timeNames.includes(name.toLowerCase())) : names.indexOf(asked);
  if (column >= 0) return column;
  throw new QuantumFluxError(
    'invalid_input',
    `There is no column ${asked ?? 'with the time'}. Say which one it is: ?time=<name of the column>.`,
    { path: 'time' },
  );
}

/** Columns in which everything that is there is a number. */
function numberColumns({ names, rows }: Table, time: number, tags: string[]): number[] {
  return names
    .map((_, i) => i)
    .filter((i) => i !== time && !tags.includes(names[i]!))
    .filter((i) => rows.every((row) => isEmpty(row[i]) || numberOf(row[i]) !== undefined))
    .filter((i) => rows.some((row) => !isEmpty(row[i])));
}

function isEmpty(cell: Cell | undefined): cell is null | undefined | '' {
  return cell === null || cell === undefined || cell === '';
}

function numberOf(cell: Cell | undefined): number | undefined {
  const value = typeof cell === 'boolean' || (typeof cell === 'string' && number.test(cell)) ? Number(cell) : cell;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function timeOf(cell: Cell | undefined, path: string): number {
  try {
    return resolveTime(typeof cell === 'number' ? cell : String(cell ?? ''), Date.now());
  } catch (cause) {
    if (!(cause instanceof QuantumFluxError)) throw cause;
    throw new QuantumFluxError('invalid_input', `${path}: ${cause.message}`, { path, cause });
  }
}
