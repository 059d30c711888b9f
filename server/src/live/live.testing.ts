import type { ErrorBody, GoodbyeReason, Reply, ServerEvents } from '@quantumflux/sdk/protocol';
import { io, type Socket } from 'socket.io-client';

/** A client that needs nothing but Socket.io, and keeps all that it hears; for tests. */
export function connectStock(url: string, auth: Record<string, unknown>, { origin }: { origin?: string } = {}) {
  const socket: Socket = io(url, {
    auth: { protocol: 2, ...auth },
    reconnection: false,
    forceNew: true,
    transports: ['websocket'],
    ...(origin === undefined ? {} : { extraHeaders: { Origin: origin } }),
  });
  const heard: { event: string; message: unknown; at: number }[] = [];
  socket.onAny((event: string, message: unknown) => heard.push({ event, message, at: Date.now() }));
  const disconnected = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
  const admitted = new Promise<ErrorBody | undefined>((resolve) => {
    socket.once('connect', () => resolve(undefined));
    socket.once('connect_error', (error: Error & { data?: ErrorBody }) =>
      resolve(error.data ?? { code: 'unavailable', message: error.message }),
    );
  });
  type Message<Event extends keyof ServerEvents> = Parameters<ServerEvents[Event]>[0];

  return {
    socket,
    /** Undefined when it was let in; else why not. */
    admitted,
    disconnected,
    /** Everything of this event so far. */
    all: <Event extends keyof ServerEvents>(event: Event): Message<Event>[] =>
      heard.filter((each) => each.event === event).map(({ message }) => message as Message<Event>),
    /** When this event came first, in ms since the epoch. */
    firstAt: (event: keyof ServerEvents): number | undefined => heard.find((each) => each.event === event)?.at,
    goodbye: (): GoodbyeReason | undefined =>
      (heard.find(({ event }) => event === 'goodbye')?.message as { reason: GoodbyeReason } | undefined)?.reason,
    ask: (event: string, input?: unknown): Promise<Reply<never>> =>
      new Promise((resolve) => socket.emit(event, input, resolve)),
    close: () => void socket.close(),
  };
}

export type StockClient = ReturnType<typeof connectStock>;
