import { createContext } from '@lit/context';
import type { StreamMeta } from '@quantumflux/sdk/protocol';

/** What widgets need to know of a stream; the SDK's `Series` is one. Its columns are read anew in every frame. */
export type LiveSeries = {
  readonly meta: StreamMeta;
  /** The canonical text of the stream: `http.latency{region="eu"}`. */
  readonly key: string;
  /** Goes up when points come. */
  readonly version: number;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly length: number;
};

/** Why something is not there: a sentence for the reader. */
export type Reason = { readonly message: string };

/** How fresh a stream is. Times are local, in ms since the epoch. */
export type LiveState =
  | { readonly is: 'connecting' }
  | { readonly is: 'live' }
  | { readonly is: 'stale'; readonly since: number; readonly reason: Reason; readonly retryAt: number | null }
  | { readonly is: 'error'; readonly error: Reason };

/** What a watcher is told. */
export type LiveUpdate = {
  /** A new array only when streams came or went. */
  readonly series: readonly LiveSeries[];
  readonly state: LiveState;
  /** How many points were left out since the last update, because this page was too slow for them. */
  readonly skipped?: number;
  /** How new points are thinned where they are too many: of each interval, in ms, the lowest and the highest. */
  readonly conflation?: { readonly intervalMs: number } | null;
  /** Why history was replaced, in the one update in which it was. */
  readonly resync?: string;
};

export type Stop = () => void;

/** Who stops watching and watches again goes on from there. */
export type LiveSource = { watch(onUpdate: (update: LiveUpdate) => void): Stop };

/** What widgets ask of a client: the SDK's `connect()` makes one, and so can everybody who has points. */
export type LiveClient = {
  stream(selector: string, options: { from: string; width: number; maxHz: number; wait: true }): LiveSource;
  /** The server's clock, in ms since the epoch. */
  now(): number;
};

/** Known by name to all copies of us, so that a provider of one serves the charts of another. */
export const clientContext = createContext<LiveClient>(Symbol.for('quantumflux.client'));

/** Stands where there can be no client, and tells every widget why. */
export function refusingClient(message: string): LiveClient {
  const update: LiveUpdate = { series: [], state: { is: 'error', error: { message } } };
  const watch: LiveSource['watch'] = (onUpdate) => {
    onUpdate(update);
    return () => {};
  };
  return { now: Date.now, stream: () => ({ watch }) };
}
