import type { StreamMeta, TimeInput } from './points.ts';

/** What a query may ask of the points of an interval; docs/protocol.md says of each what it is (Q6 to Q9). */
export const queryFunctions = [
  ...['min', 'max', 'avg', 'sum', 'count', 'first', 'last'],
  ...['rate', 'delta'],
  ...['p50', 'p95', 'p99'],
] as QueryFunction[];

export type QueryFunction =
  'min' | 'max' | 'avg' | 'sum' | 'count' | 'first' | 'last' | 'rate' | 'delta' | 'p50' | 'p95' | 'p99';

/** The query of `GET /api/v1/query`. */
export type QueryRequest = {
  select: string;
  /** Default `-15m`. */
  from?: TimeInput;
  /** Default `now`. */
  to?: TimeInput;
  /** Width of the picture in pixels: no more than four points per pixel come back. Default 1000. */
  width?: number;
};

/** The same with functions: all streams of the answer then share one grid of whole intervals. */
export type FunctionRequest<Fn extends QueryFunction = QueryFunction> = QueryRequest & {
  fn: Fn | readonly Fn[];
  /** Tags that tell groups apart; streams of a name that agree in them become one. `[]`: all of a name are one. */
  by?: string | readonly string[];
  /** Length of the intervals, `30s` or `1h30m`, at least 1 ms. Default: the shortest round one that fits `width`. */
  step?: string;
};

type SeriesOf<Columns> = Omit<StreamMeta, 'id'> & Columns;

/** One stream of an answer: its points, or the statistics of equal intervals (`10s`, `1m`, …), oldest first. */
export type QuerySeries =
  | SeriesOf<{ resolution: 'raw'; t: number[]; v: number[] }>
  | SeriesOf<{
      resolution: string;
      /** Start of each interval that has points. */
      t: number[];
      min: number[];
      max: number[];
      first: number[];
      last: number[];
      avg: number[];
      count: number[];
    }>;

export type QueryResult = { streams: QuerySeries[] };

/** One stream or group of an answer with functions: the start of every interval, and a column for each function. */
export type FunctionSeries<Fn extends QueryFunction = QueryFunction> = SeriesOf<
  { resolution: string; t: number[] } & Record<Fn, (number | null)[]>
>;

export type FunctionResult<Fn extends QueryFunction = QueryFunction> = { streams: FunctionSeries<Fn>[] };
