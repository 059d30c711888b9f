import type { Columns, QueryFunction, StreamKind } from '@quantumflux/sdk/protocol';
import type { Rollup } from '../rollup.ts';
import { emptyColumn, placeOf, type Grid } from './grid.ts';
import { addIncrease, deltaOfGauge, noIncrease } from './increase.ts';
import { quantileOf, sortedValues } from './quantiles.ts';

const shares: Partial<Record<QueryFunction, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 };

/** Points that are worked on at a time: a few milliseconds. */
const SLICE = 65_536;

/** What the points of one stream say in one interval; times in ms. */
type Row = Record<'min' | 'max' | 'sum' | 'count' | 'firstAt' | 'first' | 'lastAt' | 'last', number>;

/** Whether a function of a stream needs its points; otherwise statistics per interval are enough, and exact. */
export function needsPoints(fn: QueryFunction, kind: StreamKind, { isGrouped }: { isGrouped: boolean }): boolean {
  // Statistics do not say whether a counter fell in between, or when exactly a point was.
  if (fn === 'delta') return kind === 'counter';
  if (fn === 'first' || fn === 'last') return isGrouped;
  return fn === 'rate' || shares[fn] !== undefined;
}

/** Whether a function looks at the point before an interval. */
export function looksBack(fn: QueryFunction): boolean {
  return fn === 'rate' || fn === 'delta';
}

/**
 * What the streams of a group say together, per interval of a grid: functions of all their points as if they were of one
 * stream, except that rate and delta are of each stream, and then added up.
 */
export class Cells {
  readonly #grid: Grid;
  readonly #fns: QueryFunction[];
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #sum: Float64Array;
  readonly #count: Float64Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;
  readonly #firstAt: Float64Array;
  readonly #lastAt: Float64Array;
  readonly #delta: Float64Array;
  readonly #rate: Float64Array;
  readonly #points: Columns[] = [];

  constructor(grid: Grid, fns: QueryFunction[]) {
    this.#grid = grid;
    this.#fns = fns;
    this.#min = new Float64Array(grid.count).fill(Infinity);
    this.#max = new Float64Array(grid.count).fill(-Infinity);
    this.#sum = new Float64Array(grid.count);
    this.#count = new Float64Array(grid.count);
    this.#first = emptyColumn(grid);
    this.#last = emptyColumn(grid);
    this.#firstAt = new Float64Array(grid.count).fill(Infinity);
    this.#lastAt = new Float64Array(grid.count).fill(-Infinity);
    this.#delta = emptyColumn(grid);
    this.#rate = emptyColumn(grid);
  }

  /** Adds a stream by its points, which are ascending. `pace` lets others run meanwhile. */
  async addPoints(columns: Columns, kind: StreamKind, pace: () => Promise<void>): Promise<void> {
    const isRise = this.#fns.some(looksBack);
    const isQuantile = this.#fns.some((fn) => shares[fn] !== undefined);
    const rise = noIncrease(this.#grid);
    for (let start = 0; start < columns.times.length; start += SLICE) {
      const end = start + SLICE;
      this.#addSlice(slice(columns, start, end));
      if (isRise) addIncrease(rise, slice(columns, Math.max(0, start - 1), end), { kind, grid: this.#grid });
      if (isQuantile) this.#points.push(slice(columns, start, end));
      await pace();
    }
    if (!isRise) return;
    addUp(this.#delta, rise.delta);
    addUp(
      this.#rate,
      rise.delta.map((each, i) => each / rise.seconds[i]!),
    );
  }

  /** Adds a stream by its statistics, for functions that need no points. Their intervals are those of the grid. */
  addRollup(rollup: Rollup): void {
    const { t, min, max, first, last, sum, count } = rollup;
    for (let i = 0; i < t.length; i++) {
      const place = placeOf(t[i]!, this.#grid);
      if (place < 0 || place >= this.#grid.count) continue;
      this.#add(place, {
        min: min[i]!,
        max: max[i]!,
        sum: sum[i]!,
        count: count[i]!,
        firstAt: t[i]!,
        first: first[i]!,
        lastAt: t[i]!,
        last: last[i]!,
      });
    }
    if (this.#fns.includes('delta')) addUp(this.#delta, deltaOfGauge(rollup, this.#grid));
  }

  /** A column for each function, in their order. An interval without an answer is NaN. */
  async columns(pace: () => Promise<void>): Promise<[name: QueryFunction, column: Float64Array][]> {
    const sorted = this.#points.length > 0 ? await sortedValues(this.#points, this.#grid, pace) : undefined;
    return this.#fns.map((fn) => {
      const share = shares[fn];
      if (share === undefined) return [fn, this.#columnOf(fn)];
      return [fn, sorted ? quantileOf(sorted, share, this.#grid) : emptyColumn(this.#grid)];
    });
  }

  #columnOf(fn: QueryFunction): Float64Array {
    switch (fn) {
      case 'delta':
        return this.#delta;
      case 'rate':
        return this.#rate;
      case 'first':
        return this.#first;
      case 'last':
        return this.#last;
      case 'min':
        return this.#where(this.#min);
      case 'max':
        return this.#where(this.#max);
      case 'count':
        return this.#where(this.#count);
      case 'avg':
        return this.#sum.map((sum, i) => sum / this.#count[i]!);
      default:
        return this.#where(this.#sum);
    }
  }

  /** The values of the intervals that have points. */
  #where(column: Float64Array): Float64Array {
    return column.map((value, i) => (this.#count[i]! > 0 ? value : Number.NaN));
  }

  #addSlice({ times, values }: Columns): void {
    for (let start = 0; start < times.length;) {
      const place = placeOf(times[start]!, this.#grid);
      if (place >= this.#grid.count) break;
      let next = start;
      let [min, max, sum] = [Infinity, -Infinity, 0];
      for (; next < times.length && (next === start || placeOf(times[next]!, this.#grid) === place); next++) {
        const value = values[next]!;
        if (value < min) min = value;
        if (value > max) max = value;
        sum += value;
      }
      const ends = { firstAt: times[start]!, first: values[start]!, lastAt: times[next - 1]!, last: values[next - 1]! };
      if (place >= 0) this.#add(place, { min, max, sum, count: next - start, ...ends });
      start = next;
    }
  }

  #add(place: number, row: Row): void {
    if (row.min < this.#min[place]!) this.#min[place] = row.min;
    if (row.max > this.#max[place]!) this.#max[place] = row.max;
    this.#sum[place]! += row.sum;
    this.#count[place]! += row.count;
    if (row.firstAt < this.#firstAt[place]!) {
      this.#firstAt[place] = row.firstAt;
      this.#first[place] = row.first;
    }
    if (row.lastAt >= this.#lastAt[place]!) {
      this.#lastAt[place] = row.lastAt;
      this.#last[place] = row.last;
    }
  }
}

function slice({ times, values }: Columns, start: number, end: number): Columns {
  return { times: times.subarray(start, end), values: values.subarray(start, end) };
}

/** Adds what is known to what is known; NaN is neither. */
function addUp(total: Float64Array, more: Float64Array): void {
  for (let i = 0; i < total.length; i++) {
    if (Number.isNaN(more[i]!)) continue;
    total[i] = Number.isNaN(total[i]!) ? more[i]! : total[i]! + more[i]!;
  }
}
