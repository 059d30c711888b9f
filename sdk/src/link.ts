import { Manager, type Socket } from 'socket.io-client';
import type { Address } from './address.ts';
import type { Credentials } from './credentials.ts';
import { errorOf, toQuantumFluxError } from './errors.ts';
import { messageOfHeads, messagesOfFrame, withBytes, type Message } from './message.ts';
import {
  PROTOCOL_VERSION,
  QuantumFluxError,
  type ClientEvents,
  type Handshake,
  type Reply,
  type ServerEvents,
  type SubscribeReply,
  type SubscribeRequest,
} from './protocol/index.ts';
import type { End } from './reconnect.ts';

const CONNECT_TIMEOUT_MS = 20_000;
const REPLY_TIMEOUT_MS = 20_000;

/** One attempt to connect, and the connection if it succeeded. It is not used again: the next attempt is another one. */
export type Link = {
  /** Rejects with a QuantumFluxError. */
  subscribe(request: SubscribeRequest): Promise<SubscribeReply>;
  unsubscribe(channel: number): void;
  /** Ends it without `onEnd`. */
  close(): void;
};

export type LinkEvents = {
  onOpen: () => void;
  onMessage: (message: Message) => void;
  /** Called once, and nothing after it. */
  onEnd: (end: End) => void;
};

/** Connects; over the network, or in a test over something else. */
export type OpenLink = (address: Address, credentials: Credentials, events: LinkEvents) => Link;

export function openLink({ origin, prefix }: Address, credentials: Credentials, events: LinkEvents): Link {
  // One manager per attempt, so that nothing of the last one (its buffers, its transport) is left in this one.
  const manager = new Manager(origin, {
    path: `${prefix}/socket.io`,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnection: false,
    autoConnect: false,
    timeout: CONNECT_TIMEOUT_MS,
  });
  const socket: Socket<ServerEvents, ClientEvents> = manager.socket('/', {
    auth: (send: Send) => void introduce(send),
  });
  let isOver = false;
  // What the transport's timeout does not cover: a token or an answer that never comes.
  const timer = setTimeout(() => lose(`${origin} does not answer.`), CONNECT_TIMEOUT_MS);

  function close(): void {
    isOver = true;
    clearTimeout(timer);
    socket.off();
    socket.disconnect();
  }

  function end(how: End): void {
    if (isOver) return;
    close();
    events.onEnd(how);
  }

  function lose(sentence: string, cause?: unknown): void {
    end({ is: 'lost', error: new QuantumFluxError('unavailable', sentence, { cause }) });
  }

  async function introduce(send: Send): Promise<void> {
    try {
      const credential = await credentials.renew();
      if (!isOver) send({ protocol: PROTOCOL_VERSION, ...credential });
    } catch (cause) {
      end({ is: 'refused', error: toQuantumFluxError(cause) });
    }
  }

  function receive(read: () => Message[]): void {
    try {
      for (const message of read()) events.onMessage(message);
    } catch (cause) {
      // Half a message was taken: what is missing comes again after the next connect.
      end({ is: 'lost', error: toQuantumFluxError(cause) });
    }
  }

  socket.on('connect', () => {
    clearTimeout(timer);
    events.onOpen();
  });
  socket.on('connect_error', (cause: Error & { data?: unknown }) => {
    const error = errorOf(cause.data);
    if (error) end({ is: 'refused', error });
    else lose(`${origin} cannot be reached.`, cause);
  });
  socket.on('disconnect', (reason) => lose(`The connection to ${origin} was lost (${reason}).`));
  socket.on('goodbye', (message) => end({ is: 'goodbye', ...message }));
  socket.on('frame', (frame) => receive(() => messagesOfFrame(frame)));
  socket.on('heads', (heads) => receive(() => [messageOfHeads(heads)]));
  socket.on('streams', (message) => receive(() => [{ is: 'streams', ...message }]));
  socket.on('gone', (message) => receive(() => [{ is: 'gone', ...message }]));
  socket.connect();

  return {
    async subscribe(request) {
      const reply = await ask(request);
      if (reply.ok) return withBytes(reply.value);
      throw errorOf(reply.error) ?? new QuantumFluxError('internal', 'The server refused without a reason.');
    },
    unsubscribe(channel) {
      // The reply says nothing that matters: with `not_found` it is ended as well.
      if (!isOver) socket.emit('unsubscribe', { channel }, () => undefined);
    },
    close,
  };

  async function ask(request: SubscribeRequest): Promise<Reply<SubscribeReply>> {
    try {
      return (await socket.timeout(REPLY_TIMEOUT_MS).emitWithAck('subscribe', request)) as Reply<SubscribeReply>;
    } catch (cause) {
      // A reply that comes after all would be a subscription that nobody ends, so the connection goes with it.
      lose(`${origin} did not answer a subscription.`, cause);
      throw new QuantumFluxError('unavailable', 'The connection was lost.', { cause });
    }
  }
}

type Send = (handshake: Handshake) => void;
