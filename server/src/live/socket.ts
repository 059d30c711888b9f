import type { ClientEvents, ServerEvents } from '@quantumflux/sdk/protocol';
import type { Server, Socket } from 'socket.io';
import type { Caller } from '../http/caller.ts';

/** What the handshake found out about a connection. Whatever else a part of the live side knows of it, it keeps itself. */
export type SocketData = {
  caller: Caller;
  /** The version of the protocol that both sides speak. */
  protocol: number;
  /** Whether frames come without a packet of Socket.io around them (F3). */
  isBare: boolean;
};
export type LiveServer = Server<ClientEvents, ServerEvents, Record<string, never>, SocketData>;
export type LiveSocket = Socket<ClientEvents, ServerEvents, Record<string, never>, SocketData>;

/** One thing that every connection has: subscriptions, an end, company. The parts are listed in live.gateway.ts. */
export type Part = {
  /** Called when a socket is let in; what it returns, when the socket is gone. */
  attend(socket: LiveSocket): () => void;
};
