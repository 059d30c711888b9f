import type { Address } from './address.ts';
import type { Credentials } from './credentials.ts';
import { errorOf, toQuantumFluxError } from './errors.ts';
import {
  PROTOCOL_VERSION,
  QuantumFluxError,
  type ClientEvents,
  type Handshake,
  type Reply,
  type ServerEvents,
} from './protocol/index.ts';
import type { End } from './reconnect.ts';
import { openSocketIo } from './socket-io.ts';

const CONNECT_TIMEOUT_MS = 20_000;
const REPLY_TIMEOUT_MS = 20_000;
/** A server of version 1 says no welcome, and nothing else either before it is asked. */
const WELCOME_TIMEOUT_MS = 2_000;

/** A channel that nobody has: to be refused what is asked of it is a sign of life, and changes nothing. */
export const NO_CHANNEL = Number.MAX_SAFE_INTEGER;

type Asked<Event extends keyof ClientEvents> = Parameters<ClientEvents[Event]>[0];
type Answered<Event extends keyof ClientEvents> =
  Parameters<Parameters<ClientEvents[Event]>[1]>[0] extends Reply<infer Value> ? Value : never;

/** Sends an event and brings the reply. Rejects with a QuantumFluxError. */
export type Ask = <Event extends keyof ClientEvents>(event: Event, payload: Asked<Event>) => Promise<Answered<Event>>;

/** An event of the server, with its payload. */
export type ServerEvent = {
  [Name in keyof ServerEvents]: [name: Name, payload: Parameters<ServerEvents[Name]>[0]];
}[keyof ServerEvents];

/** One attempt to connect, and the connection if it succeeded. It is not used again: the next attempt is another one. */
export type Link = {
  readonly ask: Ask;
  /** What carries it: `websocket`, `polling`. */
  readonly transport: string;
  /** The version that both sides speak; undefined until that is known. */
  readonly protocol: number | undefined;
  /** Ends it without `onEnd`. */
  close(): void;
};

export type LinkEvents = {
  onOpen: () => void;
  /** What the server sends, in its order, all but `goodbye`. May throw: then the link ends as lost. */
  onEvent: (...event: ServerEvent) => void;
  /** Called once, and nothing after it. */
  onEnd: (end: End) => void;
};

/** Connects; over the network, or in a test over something else. */
export type OpenLink = (address: Address, credentials: Credentials, events: LinkEvents) => Link;

/** `open`: Socket.io over the network, unless the server is in the same process. */
export function openLink(
  { origin, prefix }: Address,
  credentials: Credentials,
  events: LinkEvents,
  open = openSocketIo,
): Link {
  let protocol: number | undefined;
  let onSpoken: () => void;
  const spoken = new Promise<void>((resolve) => (onSpoken = resolve));
  /** Ends each request that has no reply yet. */
  const pending = new Set<() => void>();
  let isOpen = false;
  let isOver = false;
  // What the transport does not cover: a handshake, a token or an answer that never comes.
  let timer = setTimeout(() => lose(`${origin} does not answer.`), CONNECT_TIMEOUT_MS);

  const socket = open(origin, `${prefix}/socket.io`, {
    onEngine: (send) => void introduce(send),
    onConnect() {
      clearTimeout(timer);
      timer = setTimeout(() => speak(1), WELCOME_TIMEOUT_MS);
      isOpen = true;
      events.onOpen();
    },
    onRefuse: (data) =>
      end({ is: 'refused', error: errorOf(data) ?? new QuantumFluxError('internal', `${origin} said no.`) }),
    onEvent: (name, payload) => receive(...([name, payload] as ServerEvent)),
    onBinary: (frame) => receive('frame', frame),
    onClose: (reason, cause) =>
      lose(isOpen ? `The connection to ${origin} was lost (${reason}).` : `${origin} cannot be reached.`, cause),
  });

  function close(): void {
    isOver = true;
    clearTimeout(timer);
    socket.close();
    onSpoken();
    for (const cancel of pending) cancel();
  }

  function end(how: End): void {
    if (isOver) return;
    close();
    events.onEnd(how);
  }

  function lose(sentence: string, cause?: unknown): void {
    end({ is: isOpen ? 'lost' : 'unreachable', error: new QuantumFluxError('unavailable', sentence, { cause }) });
  }

  async function introduce(send: (auth: object) => void): Promise<void> {
    try {
      const handshake: Handshake = { protocol: PROTOCOL_VERSION, frames: 'bare', ...(await credentials.renew()) };
      if (!isOver) send(handshake);
    } catch (cause) {
      end({ is: 'no-token', error: toQuantumFluxError(cause) });
    }
  }

  function receive(...event: ServerEvent): void {
    const [name, payload] = event;
    speak(name === 'welcome' ? payload.protocol : 1);
    if (name === 'goodbye') end({ is: 'goodbye', ...payload });
    else events.onEvent(...event);
  }

  /** Once: what comes first decides. */
  function speak(agreed: number): void {
    if (protocol !== undefined) return;
    protocol = agreed;
    clearTimeout(timer);
    onSpoken();
  }

  async function ask(event: string, payload: object): Promise<unknown> {
    // A server of version 1 is sent nothing that is newer (V3); what is not newer need not wait for the welcome.
    const isNewer = event !== 'unsubscribe' && (event !== 'subscribe' || 'maxHz' in payload);
    if (isNewer) await spoken;
    if (isNewer && protocol === 1) {
      if (event !== 'subscribe') throw new QuantumFluxError('conflict', `${origin} is too old for "${event}".`);
      payload = { ...payload, maxHz: undefined };
    }
    return request(event, payload);
  }

  function request(event: string, payload: object): Promise<unknown> {
    if (isOver) return Promise.reject(new QuantumFluxError('unavailable', 'The connection was lost.'));
    return new Promise((resolve, reject) => {
      const cancel = () => {
        settle();
        reject(new QuantumFluxError('unavailable', 'The connection was lost.'));
      };
      // A reply that comes after all would be a subscription that nobody ends, so the connection goes with it.
      const timer = setTimeout(() => lose(`${origin} did not answer "${event}".`), REPLY_TIMEOUT_MS);
      function settle(): void {
        clearTimeout(timer);
        pending.delete(cancel);
      }
      pending.add(cancel);
      socket.emit(event, payload, (reply) => {
        settle();
        const { ok, value, error } = reply as { ok: boolean; value: unknown; error?: unknown };
        if (ok) resolve(value);
        else reject(errorOf(error) ?? new QuantumFluxError('internal', 'The server refused without a reason.'));
      });
    });
  }

  return {
    ask: ask as Ask,
    get transport() {
      return socket.transport;
    },
    get protocol() {
      return protocol;
    },
    close,
  };
}
