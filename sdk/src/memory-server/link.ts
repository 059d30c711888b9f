import type { OpenLink } from '../link.ts';
import { messageOfHeads, messagesOfFrame, withBytes, type Message } from '../message.ts';
import {
  PROTOCOL_VERSION,
  QuantumFluxError,
  type ClientEvents,
  type Handshake,
  type Reply,
  type SubscribeReply,
} from '../protocol/index.ts';
import type { End } from '../reconnect.ts';
import { toError } from './replies.ts';
import type { Asked, Wire } from './session.ts';

export type LinkPorts = {
  server: {
    admit: (handshake: Handshake) => void;
    open: (handshake: Handshake, wire: Wire) => { asked: Asked; leave: () => void };
  };
  isAway: () => boolean;
  /** How long everything is on its way, in ms. */
  latencyMs: number;
};

/** Connects clients to a server in the same process. What goes over is what would go over a network: bytes and JSON. */
export function createOpenLink({ server, isAway, latencyMs }: LinkPorts): OpenLink {
  return (_address, credentials, events) => {
    let isOver = false;
    let session: Asked | undefined;
    let leave = () => undefined as void;

    /** Later and in order, as with a network; not any more once it is over. */
    function travel(arrive: () => void): void {
      const go = () => {
        if (!isOver) arrive();
      };
      if (latencyMs > 0) setTimeout(go, latencyMs);
      else queueMicrotask(go);
    }

    function end(how: End): void {
      if (isOver) return;
      close();
      events.onEnd(how);
    }

    function lose(sentence: string): void {
      end({ is: 'lost', error: new QuantumFluxError('unavailable', sentence) });
    }

    function close(): void {
      isOver = true;
      leave();
    }

    function receive(read: () => Message[]): void {
      travel(() => {
        try {
          for (const message of read()) events.onMessage(message);
        } catch (cause) {
          end({ is: 'lost', error: toError(cause) });
        }
      });
    }

    const hear: { [Event in Parameters<Wire['send']>[0]]?: (message: never) => void } = {
      frame: (bytes: Uint8Array) => receive(() => messagesOfFrame(bytes)),
      heads: (heads: Parameters<typeof messageOfHeads>[0]) => receive(() => [messageOfHeads(heads)]),
      streams: (message: Omit<Extract<Message, { is: 'streams' }>, 'is'>) =>
        receive(() => [{ is: 'streams', ...message }]),
      gone: (message: Omit<Extract<Message, { is: 'gone' }>, 'is'>) => receive(() => [{ is: 'gone', ...message }]),
      goodbye: (message: Omit<Extract<End, { is: 'goodbye' }>, 'is'>) =>
        travel(() => end({ is: 'goodbye', ...message })),
    };
    const wire: Wire = {
      send: (event, message) => hear[event]?.(copied(message) as never),
      close: (how) => {
        const lost = () => lose('The connection was lost.');
        if (how === 'cut') lost();
        else travel(lost);
      },
    };

    async function open(): Promise<void> {
      const credential = await credentials.renew();
      travel(() => {
        if (isAway()) return lose('The server cannot be reached.');
        const handshake = { protocol: PROTOCOL_VERSION, ...credential };
        try {
          server.admit(handshake);
          ({ asked: session, leave } = server.open(handshake, wire));
          travel(() => events.onOpen());
        } catch (cause) {
          end({ is: 'refused', error: toError(cause) });
        }
      });
    }

    function ask<Event extends keyof ClientEvents>(event: Event, request: Parameters<ClientEvents[Event]>[0]) {
      return new Promise<unknown>((resolve) => {
        const sent = copied(request);
        const onReply = (reply: unknown) => travel(() => resolve(copied(reply)));
        travel(() => (session![event] as (request: unknown, reply: (reply: unknown) => void) => void)(sent, onReply));
      });
    }

    open().catch((cause: unknown) => end({ is: 'refused', error: toError(cause) }));

    return {
      async subscribe(request) {
        const reply = (await ask('subscribe', request)) as Reply<SubscribeReply>;
        if (reply.ok) return withBytes(reply.value);
        throw QuantumFluxError.fromBody(reply.error);
      },
      unsubscribe: (channel) => void ask('unsubscribe', { channel }),
      close,
    };
  };
}

/** As it would arrive: nothing is shared by both sides, and what JSON cannot say is not said. */
function copied<Value>(value: Value): Value {
  if (value instanceof Uint8Array) return value.slice() as Value;
  if (Array.isArray(value)) return value.map(copied) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const known = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(known.map(([name, each]) => [name, copied(each)])) as Value;
}
