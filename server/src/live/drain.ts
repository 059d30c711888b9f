import { setTimeout as sleep } from 'node:timers/promises';
import { dismiss } from './goodbye.ts';
import type { LiveServer, LiveSocket } from './socket.ts';

const defaults = {
  /** How many connections move in a second; what the servers take that they move to. */
  perSecond: 100,
  /** Longest time over which they are spread, in ms: then more of them move in a second. */
  maxSpreadMs: 8_000,
  /** How long those whose turn has come may take to be elsewhere, in ms. */
  graceMs: 2_000,
};

export type DrainOptions = Partial<typeof defaults> & {
  /** Fires when there is no time for any of it. */
  hurry?: AbortSignal;
};

/**
 * Sends all who are connected to another server, one after the other (G2), and resolves when they are gone. Whoever is
 * still here in the end, or is of version 1 (V3), is sent away with `goodbye`. Nobody may come in meanwhile.
 */
export async function drainSockets(io: LiveServer, { hurry, ...options }: DrainOptions = {}): Promise<void> {
  const { perSecond, maxSpreadMs, graceMs } = { ...defaults, ...options };
  const sockets = [...io.sockets.sockets.values()];
  if (sockets.length === 0) return;
  const spreadMs = Math.min(maxSpreadMs, (1_000 * sockets.length) / perSecond);
  const over = new AbortController();
  const signal = hurry ? AbortSignal.any([hurry, over.signal]) : over.signal;
  let staying = sockets.length;
  if (!signal.aborted) {
    for (const [i, socket] of sockets.entries()) {
      socket.once('disconnect', () => --staying === 0 && over.abort());
      askToMove(socket, { afterMs: Math.round((spreadMs * i) / sockets.length), signal });
    }
    await sleep(spreadMs + graceMs, undefined, { signal }).catch(() => undefined);
  }
  over.abort();
  sendAway(io, spreadMs);
}

function askToMove(socket: LiveSocket, { afterMs, signal }: { afterMs: number; signal: AbortSignal }): void {
  if (socket.data.protocol >= 2) return void socket.emit('drain', { afterMs });
  const timer = setTimeout(() => dismiss(socket, 'shutdown', { retryMs: 0 }), afterMs);
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

/** They come back when a server is there again, or another one is found, and not all in the same moment. */
export function sendAway(io: LiveServer, spreadMs: number): void {
  const sockets = [...io.sockets.sockets.values()];
  for (const [i, socket] of sockets.entries()) {
    dismiss(socket, 'shutdown', { retryMs: Math.round(500 + (spreadMs * i) / sockets.length) });
  }
}
