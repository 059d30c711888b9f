import type { Log } from '../log.ts';
import type { IdempotencyStore } from './idempotency.store.ts';

const defaults = {
  /** Between two looks for old keys. */
  everyMs: 10 * 60_000,
  /** Rows of one statement: far below what a statement has time for. */
  most: 5_000,
};

/** Keeps the table of idempotency keys at a day's length. In small steps, so that writes never wait for one. */
export function startForgetting(
  { forget }: Pick<IdempotencyStore, 'forget'>,
  { log, ...options }: { log: Log } & Partial<typeof defaults>,
): () => Promise<void> {
  const { everyMs, most } = { ...defaults, ...options };
  let isOver = false;
  let running = Promise.resolve();

  async function forgetAll(): Promise<void> {
    try {
      while (!isOver && (await forget(most)) === most);
    } catch (error) {
      log.warn('old idempotency keys could not be removed; they are in a while', error);
    }
  }

  const timer = setInterval(() => void (running = running.then(forgetAll)), everyMs);
  return async () => {
    isOver = true;
    clearInterval(timer);
    await running;
  };
}
