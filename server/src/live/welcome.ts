import type { Part } from './socket.ts';

/** Greets each connection (A4), but for those of version 1, who do not know of it (V3). */
export function createWelcome(): Part {
  return {
    attend(socket) {
      const { protocol, caller } = socket.data;
      if (protocol >= 2) socket.emit('welcome', { protocol, now: Date.now(), expiresAt: caller.expiresAt });
      return () => undefined;
    },
  };
}
