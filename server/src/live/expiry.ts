import { QuantumFluxError, REFRESH_AHEAD_MS } from '@quantumflux/sdk/protocol';
import { parse, refreshRequest } from '@quantumflux/sdk/protocol/schemas';
import type { Authenticate } from '../http/caller.ts';
import type { Log } from '../log.ts';
import { setAlarm } from './alarm.ts';
import { callerOf, endOf } from './credential.ts';
import { dismiss } from './goodbye.ts';
import { answer } from './replies.ts';
import { seesLess } from './rights.ts';
import type { LiveSocket, Part } from './socket.ts';

/** Asks for a fresh token before a credential ends, and ends the connection when none comes (A5). */
export function createExpiry({ authenticate, log }: { authenticate: Authenticate; log: Log }): Part {
  return {
    attend(socket) {
      let stop = watch(socket);

      async function refresh(input: unknown): Promise<{ expiresAt: number | null }> {
        const { token } = parse(refreshRequest, input);
        const caller = await callerOf(socket, token, authenticate);
        // As it is by now: it may have ended, or another token may have come, while it was found out whose this is.
        const before = socket.data.caller;
        if (!socket.connected) throw new QuantumFluxError('unavailable', 'The connection has ended.');
        if (caller.organization !== before.organization || caller.subject !== before.subject) {
          throw new QuantumFluxError(
            'forbidden',
            'This token is somebody else’s. Connect anew to be somebody else; this connection stays who it was.',
          );
        }
        if (seesLess(before, caller)) dismiss(socket, 'revoked', { retryMs: 0 });
        else {
          socket.data.caller = caller;
          stop();
          stop = watch(socket);
        }
        return { expiresAt: caller.expiresAt };
      }

      answer(socket, 'auth.refresh', log, refresh);
      return () => stop();
    },
  };
}

/** When to ask for a fresh token: a minute ahead, but not before half of the time is over, or it would be all the time. */
export function timeToAsk(expiresAt: number, now: number): number {
  return Math.max(expiresAt - REFRESH_AHEAD_MS, now + (expiresAt - now) / 2);
}

function watch(socket: LiveSocket): () => void {
  const { caller, protocol } = socket.data;
  const { expiresAt } = caller;
  if (expiresAt === null) return () => undefined;
  const stopEnd = setAlarm(endOf(caller), () => dismiss(socket, 'expired', { retryMs: 0 }));
  if (protocol < 2) return stopEnd;
  const stopAsking = setAlarm(timeToAsk(expiresAt, Date.now()), () => socket.emit('auth.refresh', { expiresAt }));
  return () => {
    stopEnd();
    stopAsking();
  };
}
