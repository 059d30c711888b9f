import { blocksOf, ByteWriter, decodeBlock, writeBlock, type Columns } from '@quantumflux/sdk/protocol';
import { isAscending } from './columns.ts';

const statistics = ['min', 'max', 'first', 'last', 'sum', 'count'] as const;
const columns = ['t', ...statistics] as const;

/** Statistics of equal intervals, which start at `t`; only those that have points, oldest first. */
export type Rollup = Record<(typeof columns)[number], Float64Array>;

/** Statistics per interval of ascending points. Intervals start at whole multiples of their length since the epoch. */
export function rollUp({ times, values }: Columns, intervalMs: number): Rollup {
  const intervals = Math.floor((times.at(-1)! - times[0]!) / intervalMs) + 2;
  const { t, min, max, first, last, sum, count } = emptyRollup(Math.min(times.length, intervals || 0));
  let rows = 0;
  for (let start = 0; start < times.length; rows++) {
    const from = Math.floor(times[start]! / intervalMs) * intervalMs;
    const end = from + intervalMs;
    let next = start;
    let [low, high, total] = [Infinity, -Infinity, 0];
    for (; next < times.length && times[next]! < end; next++) {
      const value = values[next]!;
      if (value < low) low = value;
      if (value > high) high = value;
      total += value;
    }
    // Times so large that an interval is lost in them still move on.
    if (next === start) next++;
    t[rows] = from;
    min[rows] = low;
    max[rows] = high;
    first[rows] = values[start]!;
    last[rows] = values[next - 1]!;
    sum[rows] = total;
    count[rows] = next - start;
    start = next;
  }
  return rowsOf({ t, min, max, first, last, sum, count }, 0, rows);
}

/** One rollup of longer intervals from pieces of shorter ones. The pieces follow each other in time. */
export function coarsen(pieces: Rollup[], intervalMs: number): Rollup {
  const coarse = emptyRollup(pieces.reduce((sum, { t }) => sum + t.length, 0));
  const { t, min, max, first, last, sum, count } = coarse;
  let row = -1;
  for (const piece of pieces) {
    for (let i = 0; i < piece.t.length; i++) {
      const from = Math.floor(piece.t[i]! / intervalMs) * intervalMs;
      if (row >= 0 && t[row] === from) {
        if (piece.min[i]! < min[row]!) min[row] = piece.min[i]!;
        if (piece.max[i]! > max[row]!) max[row] = piece.max[i]!;
        sum[row]! += piece.sum[i]!;
        count[row]! += piece.count[i]!;
      } else {
        row++;
        t[row] = from;
        min[row] = piece.min[i]!;
        max[row] = piece.max[i]!;
        first[row] = piece.first[i]!;
        sum[row] = piece.sum[i]!;
        count[row] = piece.count[i]!;
      }
      last[row] = piece.last[i]!;
    }
  }
  return rowsOf(coarse, 0, row + 1);
}

/** The rows of both, in the order of time. */
export function joinRows(some: Rollup, others: Rollup): Rollup {
  return inOrder(
    mapColumns((name) => {
      const column = new Float64Array(some.t.length + others.t.length);
      column.set(some[name]);
      column.set(others[name], some.t.length);
      return column;
    }),
  );
}

/** Some of the rows, `start` to `end` (not included), as a view. */
export function rowsOf(rollup: Rollup, start: number, end: number): Rollup {
  return mapColumns((name) => rollup[name].subarray(start, end));
}

/** As codec blocks, one per column; the place of a block says which. */
export function packRollup(rollup: Rollup, intervalMs: number): Uint8Array {
  const out = new ByteWriter();
  const times = rollup.t.map((t) => t / intervalMs);
  statistics.forEach((name, place) => writeBlock(out, place, { times, values: rollup[name] }));
  return out.toBytes();
}

/** What `packRollup` wrote. */
export function unpackRollup(bytes: Uint8Array, intervalMs: number): Rollup {
  const [min, max, first, last, sum, count] = [...blocksOf(bytes)].map((block) => decodeBlock(block));
  return {
    t: min!.times.map((number) => number * intervalMs),
    min: min!.values,
    max: max!.values,
    first: first!.values,
    last: last!.values,
    sum: sum!.values,
    count: count!.values,
  };
}

/**
 * Rows in any order, each the big-endian float64s of all columns: what a database can put together. They come back in the
 * order of time.
 */
export function readRows(bytes: Uint8Array): Rollup {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const rollup = emptyRollup(bytes.length / (8 * columns.length));
  columns.forEach((name, place) => {
    const column = rollup[name];
    for (let i = 0; i < column.length; i++) column[i] = view.getFloat64(8 * (i * columns.length + place));
  });
  return inOrder(rollup);
}

function inOrder(rollup: Rollup): Rollup {
  const { t } = rollup;
  if (isAscending(t)) return rollup;
  const order = Uint32Array.from(t, (_, i) => i).sort((a, b) => t[a]! - t[b]!);
  return mapColumns((name) => Float64Array.from(order, (i) => rollup[name][i]!));
}

function emptyRollup(rows: number): Rollup {
  return mapColumns(() => new Float64Array(rows));
}

function mapColumns(make: (name: keyof Rollup) => Float64Array): Rollup {
  return {
    t: make('t'),
    min: make('min'),
    max: make('max'),
    first: make('first'),
    last: make('last'),
    sum: make('sum'),
    count: make('count'),
  };
}
