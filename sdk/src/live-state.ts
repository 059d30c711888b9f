import type { Phase } from './follow.ts';
import { QuantumFluxError, type ResyncReason } from './protocol/index.ts';
import type { Conflation } from './reader.ts';
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
  /**
   * How new points are thinned, because `maxHz` asked for it: of each column of `intervalMs` the lowest and the highest, at
   * most `maxHz` times a second. Null when every point comes.
   */
  conflation: Conflation | null;
  /** How many points were left out since the last update, because this client was too slow for them; mostly 0. */
  skipped: number;
  /** Only in the first update after history was replaced: there may be points that nobody was shown. Says why. */
  resync?: ResyncReason;
};

/** What watchers are told of a phase. `hasHistory`: there is something to keep showing. `now` is local, in ms. */
export function liveStateOf(
  phase: Phase,
  before: LiveState,
  { hasHistory, now }: { hasHistory: boolean; now: number },
): LiveState {
  if (phase.is === 'refused') return { is: 'error', error: phase.error };
  if (phase.is === 'following' || (phase.is === 'asking' && phase.isLive)) return { is: 'live' };
  if (!hasHistory) {
    return { is: 'connecting', attempt: phase.attempt, since: before.is === 'connecting' ? before.since : now };
  }
  const known = phase.is === 'asking' ? null : phase.reason;
  return {
    is: 'stale',
    since: before.is === 'stale' ? before.since : now,
    reason:
      known ?? (before.is === 'stale' ? before.reason : new QuantumFluxError('unavailable', 'Not connected yet.')),
    retryAt: phase.is === 'asking' ? null : phase.retryAt,
  };
}
