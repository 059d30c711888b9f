import { PROTOCOL_VERSION, QuantumFluxError, versionWith } from '@quantumflux/sdk/protocol';
import { handshake, parse } from '@quantumflux/sdk/protocol/schemas';
import type { Authenticate } from '../http/caller.ts';
import { toQuantumFluxError } from '../http/errors.ts';
import type { Log } from '../log.ts';
import { callerOf } from './credential.ts';
import type { LiveSocket } from './socket.ts';

/** Lets a socket in, or says why not: the error's `data` is an ErrorBody. */
export async function admit(
  socket: LiveSocket,
  { authenticate, log }: { authenticate: Authenticate; log: Log },
): Promise<Error | undefined> {
  try {
    const { protocol, token, key, frames } = parse(handshake, socket.handshake.auth);
    if (protocol > PROTOCOL_VERSION + 1) {
      throw new QuantumFluxError(
        'invalid_input',
        `The client speaks version ${protocol} of the protocol, this server ${PROTOCOL_VERSION}. Update the server.`,
        { path: 'protocol' },
      );
    }
    const caller = await callerOf(socket, token ?? key, authenticate);
    socket.data = { caller, protocol: versionWith(protocol), isBare: frames === 'bare' };
    return undefined;
  } catch (cause) {
    const error = toQuantumFluxError(cause);
    if (error.code === 'internal') log.error('a handshake failed', cause);
    return Object.assign(new Error(error.message), { data: error.toBody() });
  }
}
