import { backoffDelay } from './backoff.ts';
import type { Credentials } from './credentials.ts';
import { isPassing, toQuantumFluxError } from './errors.ts';
import type { Ask } from './link.ts';
import type { Stop } from './options.ts';
import { REFRESH_AHEAD_MS } from './protocol/index.ts';

/** Patience with a `getToken` that fails, in ms. The connection is good until the old token ends. */
const patience = { minMs: 1_000, maxMs: 15_000 };

/** Keeps the credential of an open connection fresh (A5 of docs/protocol.md). */
export type Renewal = {
  /** The credential ends in so many ms; null: not by itself. */
  endsIn(ms: number | null): void;
  /** The server asks for another one, which ends in so many ms. */
  asked(ms: number): void;
  stop: Stop;
};

/** `now`: the server's clock, in ms since the epoch. */
export function startRenewal({
  credentials,
  ask,
  now,
}: {
  credentials: Credentials;
  ask: Ask;
  now: () => number;
}): Renewal {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isUnderWay = false;
  let isStopped = false;
  let renewedAt = -Infinity;

  function later(delayMs: number, attempt: number): void {
    clearTimeout(timer);
    // Longer than a timer can be is longer than a page lives.
    timer = setTimeout(() => void renew(attempt), Math.min(delayMs, 2 ** 31 - 1));
  }

  function endsIn(ms: number | null): void {
    if (ms === null || !credentials.isRenewable || isStopped) return;
    // The server asks in time; should it not, we know when. A token that lives shorter than that is renewed in the middle.
    later(Math.max(ms / 2, ms - REFRESH_AHEAD_MS / 2), 0);
  }

  async function renew(attempt: number): Promise<void> {
    if (isUnderWay || isStopped) return;
    isUnderWay = true;
    try {
      const { token = '' } = await credentials.renew();
      const { expiresAt } = await ask('auth.refresh', { token });
      renewedAt = Date.now();
      endsIn(expiresAt && expiresAt - now());
    } catch (cause) {
      const error = toQuantumFluxError(cause);
      // What is final is told when the token ends: until then everything is as it was.
      const isWorthIt = isPassing(error) || error.code === 'unauthenticated';
      if (isWorthIt && !isStopped) later(backoffDelay(attempt, patience), attempt + 1);
    } finally {
      isUnderWay = false;
    }
  }

  return {
    endsIn,
    asked(ms) {
      if (!credentials.isRenewable) return;
      // A token that is short from the start is asked for again as soon as it is there.
      if (Date.now() - renewedAt < ms / 2) endsIn(ms);
      else void renew(0);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
