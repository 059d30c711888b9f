import type { GoodbyeReason } from '@quantumflux/sdk/protocol';
import type { LiveServer, LiveSocket } from './socket.ts';

/** Ends a connection, or all of them, and says why and when to come back (G1). */
export function dismiss(
  target: LiveServer | LiveSocket,
  reason: GoodbyeReason,
  { retryMs }: { retryMs: number },
): void {
  target.emit('goodbye', { reason, retryMs });
  if ('disconnectSockets' in target) target.disconnectSockets(true);
  else target.disconnect(true);
}
