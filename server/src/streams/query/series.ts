import type { StreamMeta } from '@quantumflux/sdk/protocol';

/** One stream or group of an answer, before it is put into words. */
export type AnsweredSeries = {
  meta: Omit<StreamMeta, 'id'>;
  /** `raw`, or how long the intervals are. */
  resolution: string;
  /** Of equal length; the first is `t`. NaN is a gap. */
  columns: [name: string, column: Float64Array][];
};
