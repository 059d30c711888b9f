import { blocksOf, ByteWriter, decodeBlock, writeBlock, type Columns } from '@quantumflux/sdk/protocol';

const statistics = ['min', 'max', 'first', 'last', 'sum', 'count'] as const;

/** Statistics of equal intervals, which start at `t`; only those that have points, oldest first. */
export type Rollup = Record<'t' | (typeof statistics)[number], Float64Array>;

/** Statistics per interval of ascending points. Intervals start at whole multiples of their length since the epoch. */
export function rollUp({ times, values }: Columns, intervalMs: number): Rollup {
  const rows = new RollupRows(intervalMs);
  for (let start = 0; start < times.length;) {
    const t = Math.floor(times[start]! / intervalMs) * intervalMs;
    const end = t + intervalMs;
    let next = start;
    let [min, max, sum] = [Infinity, -Infinity, 0];
    for (; next < times.length && times[next]! < end; next++) {
      const value = values[next]!;
      if (value < min) min = value;
      if (value > max) max = value;
      sum += value;
    }
    // Times so large that an interval is lost in them still move on.
    if (next === start) next++;
    rows.add(t, { min, max, first: values[start]!, last: values[next - 1]!, sum, count: next - start });
    start = next;
  }
  return rows.toRollup();
}

/** One rollup of longer intervals from pieces of shorter ones. The pieces follow each other in time. */
export function coarsen(pieces: Rollup[], intervalMs: number): Rollup {
  const rows = new RollupRows(intervalMs);
  for (const { t, min, max, first, last, sum, count } of pieces) {
    for (let i = 0; i < t.length; i++) {
      rows.add(t[i]!, {
        min: min[i]!,
        max: max[i]!,
        first: first[i]!,
        last: last[i]!,
        sum: sum[i]!,
        count: count[i]!,
      });
    }
  }
  return rows.toRollup();
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
  const [min, max, first, last, sum, count] = [...blocksOf(bytes)].map(decodeBlock);
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

type Row = Record<(typeof statistics)[number], number>;

/** Rows of a rollup as they come, in the order of time; those of one interval become one. */
class RollupRows {
  readonly #intervalMs: number;
  readonly #t: number[] = [];
  readonly #rows: Row[] = [];

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  add(time: number, row: Row): void {
    const t = Math.floor(time / this.#intervalMs) * this.#intervalMs;
    if (this.#t.at(-1) !== t) {
      this.#t.push(t);
      this.#rows.push(row);
      return;
    }
    const into = this.#rows.at(-1)!;
    if (row.min < into.min) into.min = row.min;
    if (row.max > into.max) into.max = row.max;
    into.last = row.last;
    into.sum += row.sum;
    into.count += row.count;
  }

  toRollup(): Rollup {
    const column = (name: keyof Row) => Float64Array.from(this.#rows, (row) => row[name]);
    return {
      t: Float64Array.from(this.#t),
      min: column('min'),
      max: column('max'),
      first: column('first'),
      last: column('last'),
      sum: column('sum'),
      count: column('count'),
    };
  }
}
