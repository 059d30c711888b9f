import { setTimeout as sleep } from 'node:timers/promises';
import { toQuantumFluxError } from '../http/errors.ts';
import { isRefusal } from '../http/outage.ts';
import type { Log } from '../log.ts';
import type { AppendWrites } from './write-queue.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Whose writes they are, for the log, and when to give up. */
export type KeepTryingOptions = { source: string; log: Log; signal: AbortSignal };

/**
 * The same append for sources that nobody stands behind: what may pass is tried again until it has, however long that
 * takes. Whoever gives up on `signal` has stored nothing of it that is known.
 */
export function keepTrying(append: AppendWrites, { source, log, signal }: KeepTryingOptions): AppendWrites {
  return async (writes) => {
    for (let attempt = 0; ; attempt++) {
      try {
        const stored = await append(writes);
        if (attempt > 0) log.info(`points of ${source} are stored again`);
        return stored;
      } catch (cause) {
        if (signal.aborted || !mayPass(cause)) throw cause;
        if (attempt === 0) log.warn(`points of ${source} cannot be stored at the moment; they wait`, cause);
        await sleep(pauseBefore(attempt), undefined, { signal }).catch(() => {});
      }
    }
  };
}

/**
 * Whether the same write may be stored later. Not so what is wrong with it. A mistake of ours that only this write meets
 * counts as wrong with it, because it must not keep all others from being stored.
 */
export function mayPass(cause: unknown): boolean {
  const { code, cause: reason } = toQuantumFluxError(cause);
  if (code === 'conflict') return typeof reason === 'object' && reason !== null && 'retryMs' in reason;
  if (code === 'internal') return cause instanceof Error && 'code' in cause && !isRefusal(cause);
  return code === 'unavailable' || code === 'storage_full' || code === 'rate_limited';
}

/** Full jitter above a half, so that servers do not come back all at once and none comes back at once. */
function pauseBefore(attempt: number): number {
  const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}
