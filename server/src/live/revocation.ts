import type { Bus, Stop } from '../bus/bus.ts';
import { dismiss } from './goodbye.ts';
import type { LiveServer } from './socket.ts';

/** Ends the connections of a key that was revoked. */
export function startRevocation({ io, bus }: { io: LiveServer; bus: Bus }): Promise<Stop> {
  return bus.subscribe('keys', ({ id }) => {
    for (const socket of io.sockets.sockets.values()) {
      if (socket.data.caller.subject === `key:${id}`) dismiss(socket, 'revoked', { retryMs: 0 });
    }
  });
}
