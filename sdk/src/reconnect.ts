import { backoffDelay, type BackoffOptions } from './backoff.ts';
import { isPassing } from './errors.ts';
import { QuantumFluxError, type GoodbyeReason } from './protocol/index.ts';

/** How a connection, or the attempt to make one, came to its end. */
export type End =
  /** The network, or silence. */
  | { is: 'lost'; error: QuantumFluxError }
  /** The server, or `getToken`, said why not. */
  | { is: 'refused'; error: QuantumFluxError }
  | { is: 'goodbye'; reason: GoodbyeReason; retryMs: number };

/** What is remembered from one attempt to the next; forgotten once a connection held. */
export type Tries = {
  /** Attempts since a connection held. */
  attempt: number;
  /** Whether one of them was made without waiting. */
  hurried: boolean;
};

export type NextTry =
  | { is: 'retry'; delayMs: number; hurried: boolean; reason: QuantumFluxError }
  | { is: 'stop'; error: QuantumFluxError };

export const noTries: Tries = { attempt: 0, hurried: false };

/** Whether and when to connect again. A fresh token is worth one attempt at once, but not a second. */
export function nextTry(
  end: End,
  { attempt, hurried }: Tries,
  { isRenewable, reconnect }: { isRenewable: boolean; reconnect: BackoffOptions },
): NextTry {
  const reason = end.is === 'goodbye' ? farewell(end.reason) : end.error;
  const delayMs = Math.round(backoffDelay(attempt, reconnect));
  const stop: NextTry = { is: 'stop', error: reason };
  const later: NextTry = { is: 'retry', delayMs, hurried, reason };
  const soon: NextTry = hurried ? later : { is: 'retry', delayMs: 0, hurried: true, reason };
  switch (end.is) {
    case 'lost':
      return later;
    case 'refused':
      if (isPassing(end.error)) return later;
      return end.error.code === 'unauthenticated' && isRenewable && !hurried ? soon : stop;
    case 'goodbye':
      if (end.reason === 'slow') return later;
      if (end.reason === 'shutdown') return { ...later, delayMs: Math.max(end.retryMs, delayMs) };
      return end.reason === 'expired' ? soon : stop;
  }
}

function farewell(reason: GoodbyeReason): QuantumFluxError {
  if (reason === 'revoked') return new QuantumFluxError('forbidden', 'The key or the user lost the right to be here.');
  if (reason === 'expired') return new QuantumFluxError('unauthenticated', 'The token expired.');
  if (reason === 'slow') return new QuantumFluxError('unavailable', 'This client was too slow for the server.');
  return new QuantumFluxError('unavailable', 'The server stopped; it is back soon.');
}
