import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { Authenticate, Caller } from '../http/caller.ts';
import { credentialsOf } from '../http/credentials.ts';
import type { LiveSocket } from './socket.ts';

/** A credential is taken to end so much earlier than it says, in ms: not even a busy loop lets a point through after it. */
const EARLY_MS = 250;

/** Who shows this key or token on a socket. One that has ended is refused, or its connection would end at once. */
export async function callerOf(
  { handshake: { headers, secure } }: LiveSocket,
  bearer: string | undefined,
  authenticate: Authenticate,
): Promise<Caller> {
  const { origin } = credentialsOf(headers, { encrypted: secure });
  const caller = await authenticate({ bearer, origin });
  if (Date.now() >= endOf(caller))
    throw new QuantumFluxError('unauthenticated', 'The access token has expired. Get a new one.');
  return caller;
}

/** When a connection with this credential is over, in ms since the epoch; Infinity when it does not end by itself. */
export function endOf({ expiresAt }: Caller): number {
  return expiresAt === null ? Infinity : expiresAt - EARLY_MS;
}
