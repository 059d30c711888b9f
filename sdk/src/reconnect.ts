import { backoffDelay, type BackoffOptions } from './backoff.ts';
import type { StopReason, WaitReason } from './connection-state.ts';
import { isPassing } from './errors.ts';
import { QuantumFluxError, type GoodbyeReason } from './protocol/index.ts';

/** How a connection, or the attempt to make one, came to its end. */
export type End =
  /** Never reached, cut, or not heard of any more. */
  | { is: 'unreachable' | 'lost' | 'silent'; error: QuantumFluxError }
  /** The server, or `getToken`, said why not. */
  | { is: 'refused' | 'no-token'; error: QuantumFluxError }
  | { is: 'goodbye'; reason: GoodbyeReason; retryMs: number };

/** What is remembered from one attempt to the next; forgotten once a connection held. */
export type Tries = {
  /** Attempts since a connection held. */
  attempt: number;
  /** Whether one of them was made without waiting. */
  hurried: boolean;
};

export type NextTry =
  | { is: 'retry'; delayMs: number; hurried: boolean; reason: WaitReason; error: QuantumFluxError }
  | { is: 'stop'; reason: StopReason; error: QuantumFluxError };

export const noTries: Tries = { attempt: 0, hurried: false };

/** Whether and when to connect again. A fresh token is worth one attempt at once, but not a second. */
export function nextTry(
  end: End,
  { attempt, hurried }: Tries,
  { isRenewable, reconnect }: { isRenewable: boolean; reconnect: BackoffOptions },
): NextTry {
  const error = end.is === 'goodbye' ? farewell(end.reason) : end.error;
  const delayMs = Math.round(backoffDelay(attempt, reconnect));
  const later = (reason: WaitReason, least = 0): NextTry => {
    return { is: 'retry', delayMs: Math.max(least, delayMs), hurried, reason, error };
  };
  const soon = (reason: WaitReason): NextTry =>
    hurried ? later(reason) : { is: 'retry', delayMs: 0, hurried: true, reason, error };
  const stop = (reason: StopReason): NextTry => ({ is: 'stop', reason, error });
  switch (end.is) {
    case 'refused':
    case 'no-token':
      if (isPassing(end.error)) return later(end.is);
      return error.code === 'unauthenticated' && isRenewable && !hurried ? soon(end.is) : stop(end.is);
    case 'goodbye':
      if (end.reason === 'revoked') return stop('revoked');
      return end.reason === 'expired' ? soon('expired') : later(end.reason, end.retryMs);
    default:
      return later(end.is);
  }
}

function farewell(reason: GoodbyeReason): QuantumFluxError {
  if (reason === 'revoked') return new QuantumFluxError('forbidden', 'The key or the user lost the right to be here.');
  if (reason === 'expired') return new QuantumFluxError('unauthenticated', 'The token expired.');
  if (reason === 'slow') return new QuantumFluxError('unavailable', 'This client was too slow for the server.');
  return new QuantumFluxError('unavailable', 'The server stopped; it is back soon.');
}
