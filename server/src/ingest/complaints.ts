import { toQuantumFluxError } from '../http/errors.ts';
import type { Log } from '../log.ts';

/** How long a source is quiet after it was told of, in ms. */
const QUIET_MS = 60_000;

/**
 * Tells in the log of messages that are refused: of the first, and then at most once a minute how many there were since.
 * Where they came from and why, never what is in them.
 */
export function createComplaints(source: string, log: Log) {
  let quietUntil = -Infinity;
  let since = 0;

  return function complain(at: string, cause: unknown): void {
    since += 1;
    if (performance.now() < quietUntil) return;
    const { code, message } = toQuantumFluxError(cause);
    log.warn(`${source} sent what cannot be stored`, {
      messages: since,
      at: at.slice(0, 200),
      code,
      reason: withoutQuotes(message),
      // A mistake of ours: where it happened is what finds it.
      ...(code === 'internal' ? { cause } : {}),
    });
    since = 0;
    quietUntil = performance.now() + QUIET_MS;
  };
}

/** Sentences quote what they are about. */
function withoutQuotes(sentence: string): string {
  return sentence.replaceAll(/'.*'|".*"/gs, '…').slice(0, 500);
}
