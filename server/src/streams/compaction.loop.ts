import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import type { CompactionStore } from './compaction.ts';
import type { Compactor } from './compactor.ts';
import type { MonthMaker } from './month-maker.ts';

const defaults = {
  /** How often it is looked whether something is due, in ms. */
  everyMs: 2_000,
  /** How often old entries and expired chunks are removed, in ms. */
  cleanEveryMs: 60_000,
  /** How long compacted entries stay for readers that were away, in ms. */
  journalMs: 60 * 60_000,
  /** Up to this age of what waits, in ms, at least half of the time is left to others. */
  patienceMs: 3 * 60_000,
};

export type CompactionOptions = Partial<typeof defaults>;

/** Compacts and cleans in the background until it is stopped; a step under way is finished first. */
export function startCompaction(
  { compactor, months, store, log }: { compactor: Compactor; months: MonthMaker; store: CompactionStore; log: Log },
  options: CompactionOptions = {},
): () => Promise<void> {
  const { everyMs, cleanEveryMs, journalMs, patienceMs } = { ...defaults, ...options };
  const stopping = new AbortController();
  let isFailing = false;
  let cleanedAt = -Infinity;

  /** Makes room; whether there is more to remove. */
  async function clean(): Promise<boolean> {
    await compactor.makeMonthsAhead();
    // Months first: what is dropped as a whole need not be deleted.
    const removed = [await store.dropMonth(), await store.trimJournal(journalMs), await store.expireChunks()];
    return removed.some(({ more }) => more);
  }

  /** Does one thing; how long to rest after it, in ms. */
  async function work(): Promise<number> {
    const startedAt = performance.now();
    const step = await compactor.step();
    const isMade = !step && (await months.step());
    // Last, so that a clean-up that fails does not keep points in the journal.
    if (startedAt - cleanedAt >= cleanEveryMs && !(await clean())) cleanedAt = startedAt;
    isFailing = false;
    if (!step && !isMade) return everyMs;
    return step && step.ageMs > patienceMs ? 0 : performance.now() - startedAt;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const restMs = await work().catch((error: unknown) => {
        if (!isFailing) log.warn('the journal could not be compacted; trying again until it can', error);
        isFailing = true;
        return everyMs;
      });
      // Rejects when it is stopped, which the loop sees by itself.
      await sleep(restMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
