import type { GoodbyeReason } from '@quantumflux/sdk/protocol';
import type { Outlet } from './outlet.ts';
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

/** How long one that took nothing has to take its goodbye, in ms. */
const GRACE_MS = 1_000;

/** Ends a connection that takes nothing (F4), and soon also lets go of what waits for it. */
export function dismissStuck(socket: LiveSocket, outlet: Pick<Outlet, 'form' | 'cut'>): void {
  dismiss(socket, outlet.form === 'v1' ? 'shutdown' : 'slow', { retryMs: 1_000 });
  setTimeout(() => outlet.cut(), GRACE_MS).unref();
}
