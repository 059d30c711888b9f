import type { QuantumFluxError, ResyncReason } from './protocol/index.ts';
import type { Series } from './series.ts';

/** How fresh a live stream is. Times are local, in ms since the epoch. */
export type LiveState =
  /** Nothing to show yet. `attempt` counts from 0. */
  | { is: 'connecting'; attempt: number; since: number }
  /** Everything up to now is there. No series means that nothing matches yet. */
  | { is: 'live' }
  /** What is there was live until `since`: keep showing it. `retryAt` is null while an attempt is under way. */
  | { is: 'stale'; since: number; reason: QuantumFluxError; retryAt: number | null }
  /** The server refused, and asking again would not help: a selector with a mistake, a right that is missing. */
  | { is: 'error'; error: QuantumFluxError };

/** What a watcher is told. */
export type LiveUpdate = {
  /** One per stream that matches. A new array when streams came or went, the same array and objects otherwise. */
  series: readonly Series[];
  state: LiveState;
  /** Length of the intervals that history was thinned to, in ms; null when every point is there. */
  intervalMs: number | null;
  /** Only in the first update after history was replaced: there may be points that nobody was shown. Says why. */
  resync?: ResyncReason;
};
