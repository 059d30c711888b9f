import { dismiss } from './goodbye.ts';
import type { Part } from './socket.ts';

/** Ends each connection when its credential does. */
export function createExpiry(): Part {
  return {
    attend(socket) {
      const { expiresAt } = socket.data.caller;
      if (expiresAt === null) return () => undefined;
      const timer = setTimeout(() => dismiss(socket, 'expired', { retryMs: 0 }), Math.max(0, expiresAt - Date.now()));
      return () => clearTimeout(timer);
    },
  };
}
