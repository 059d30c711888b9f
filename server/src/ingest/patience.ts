import { comeBackIn } from '../http/errors.ts';

/** What a write may spend waiting for the database, all its questions together, in ms. */
const PATIENCE_MS = 1_500;

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
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(comeBackIn(1_000, 'unavailable', TOO_SLOW)), Math.max(0, leftMs));
      });
      try {
        return await Promise.race([answer, tooLong]);
      } finally {
        clearTimeout(timer);
        leftMs -= performance.now() - start;
      }
    },
  };
}
