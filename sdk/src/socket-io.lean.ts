import { Socket as Engine } from 'engine.io-client';
import type { OpenSocketIo } from './socket-io.ts';

// The part of Socket.io's protocol 5 that ours needs (https://socket.io/docs/v4/socket-io-protocol): one namespace, events
// with a reply, and binary attachments in what the server sends. It takes the place of socket-io.ts in the script for
// pages, where 5 KB less are a tenth of all; link.test.ts holds both to the same.

/** What a packet begins with. */
const packets = { connect: '0', disconnect: '1', event: '2', ack: '3', refuse: '4', binaryEvent: '5', binaryAck: '6' };

/** A packet whose attachments are on their way. */
type Announced = { head: string; rest: string; attachments: Uint8Array[]; count: number };

export const openSocketIo: OpenSocketIo = (origin, path, events) => {
  const engine = new Engine(origin, { path, transports: ['websocket', 'polling'], tryAllTransports: true });
  const replies = new Map<number, (reply: unknown) => void>();
  let lastId = 0;
  let announced: Announced | undefined;
  let isClosed = false;

  function onText(text: string): void {
    const [head] = text;
    if (head === packets.binaryEvent || head === packets.binaryAck) {
      const dash = text.indexOf('-');
      announced = { head, rest: text.slice(dash + 1), attachments: [], count: Number(text.slice(1, dash)) };
    } else if (head === packets.disconnect) {
      events.onClose('server disconnect');
    } else if (head) {
      read(head, text.slice(1));
    }
  }

  function onBytes(bytes: Uint8Array): void {
    if (!announced) return events.onBinary(bytes);
    const { head, rest, attachments, count } = announced;
    if (attachments.push(bytes) < count) return;
    announced = undefined;
    read(head, rest, attachments);
  }

  function read(head: string, rest: string, attachments: readonly Uint8Array[] = []): void {
    const start = rest.search(/[[{]/);
    const id = Number(rest.slice(0, start));
    const body = JSON.parse(rest.slice(start), attachments.length === 0 ? undefined : fill(attachments)) as unknown;
    if (head === packets.connect) return events.onConnect();
    if (head === packets.refuse) return events.onRefuse((body as { data?: unknown }).data);
    const [first, second] = body as unknown[];
    if (head === packets.event || head === packets.binaryEvent) return events.onEvent(String(first), second);
    replies.get(id)?.(first);
    replies.delete(id);
  }

  engine.on('open', () => events.onEngine((auth) => void engine.write(packets.connect + JSON.stringify(auth))));
  engine.on('data', (data: string | Uint8Array | ArrayBuffer) => {
    // Closing does not take back what is in already.
    if (isClosed) return;
    try {
      if (typeof data === 'string') onText(data);
      // A Buffer in Node, an ArrayBuffer in browsers.
      else onBytes(data instanceof Uint8Array ? data : new Uint8Array(data));
    } catch (cause) {
      // Half of something was taken: what is missing comes again after the next connect.
      events.onClose('unreadable', cause);
    }
  });
  engine.on('close', (reason, cause) => {
    if (!isClosed) events.onClose(reason, cause);
  });

  return {
    emit(event, payload, onReply) {
      replies.set(++lastId, onReply);
      engine.write(`${packets.event}${lastId}${JSON.stringify([event, payload])}`);
    },
    get transport() {
      return engine.transport.name;
    },
    close() {
      isClosed = true;
      engine.close();
    },
  };
};

/** Puts attachments where the JSON has `{"_placeholder": true, "num": 0}`. */
function fill(attachments: readonly Uint8Array[]): (key: string, value: unknown) => unknown {
  return (_, value) => {
    const { _placeholder, num = -1 } = (value ?? {}) as { _placeholder?: unknown; num?: number };
    return _placeholder === true ? attachments[num] : value;
  };
}
