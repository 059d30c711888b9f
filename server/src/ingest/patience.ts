import { comeBackIn } from '../http/errors.ts';
import { within } from './within.ts';

/** What a write may spend waiting for the database, all its questions together, in ms. */
const PATIENCE_MS = 1_500;

/** Timers of one length are kept in one list, so a few lengths cost less than many. */
const STEP_MS = 50;

const TOO_SLOW =
  'The database does not answer in time. The points may not be stored: send them again in a second, with the same Idempotency-Key if there was one.';

/**
 * Bounds what one request waits for the database. Each question has its own limit, but a request asks several, and also
 * waits for its turn: for a connection, for the commit before. Time between the questions does not count.
 */
export function createPatience(patienceMs = PATIENCE_MS) {
  let leftMs = patienceMs;

  return {
    /** The answer, or `unavailable` when it takes too long. */
    async waitFor<T>(answer: Promise<T>): Promise<T> {
      const start = performance.now();
      try {
        return await within(Math.max(0, Math.round(leftMs / STEP_MS) * STEP_MS), answer, () =>
          comeBackIn(1_000, 'unavailable', TOO_SLOW),
        );
      } finally {
        leftMs -= performance.now() - start;
      }
    },
  };
}
