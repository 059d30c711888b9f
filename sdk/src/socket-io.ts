import { Manager } from 'socket.io-client';
import { Decoder, Encoder, PacketType } from 'socket.io-parser';

/** A connection that speaks Socket.io. */
export type SocketIo = {
  /** Sends an event; `onReply` gets what the server answers. */
  emit(event: string, payload: unknown, onReply: (reply: unknown) => void): void;
  /** What carries it at the moment: `websocket`, or `polling` where that is blocked. */
  readonly transport: string;
  /** Ends it without a word; nothing is called after that. */
  close(): void;
};

export type SocketIoEvents = {
  /** The server listens: send it who we are. */
  onEngine: (introduce: (auth: object) => void) => void;
  onConnect: () => void;
  /** `data` of the refusal. */
  onRefuse: (data: unknown) => void;
  onEvent: (name: string, payload: unknown) => void;
  /** A binary message that no packet announced. */
  onBinary: (bytes: Uint8Array) => void;
  /** `reason` in the words of Engine.IO: `transport close`, `ping timeout`, … */
  onClose: (reason: string, cause?: unknown) => void;
};

export type OpenSocketIo = (origin: string, path: string, events: SocketIoEvents) => SocketIo;

/** No event of ours is called so. */
const BARE = ' bare';

/** Reads packets, and takes a binary message that none of them announced (rule F3 of docs/protocol.md) for an event. */
class BareDecoder extends Decoder {
  override add(message: unknown): void {
    const isAnnounced = typeof message === 'string' || Boolean(this['reconstructor']);
    if (isAnnounced) super.add(message);
    else this.emitReserved('decoded', { type: PacketType.EVENT, nsp: '/', data: [BARE, message] });
  }
}

export const openSocketIo: OpenSocketIo = (origin, path, events) => {
  // One manager per attempt, so that nothing of the last one (its buffers, its transport) is left in this one.
  const manager = new Manager(origin, {
    path,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnection: false,
    autoConnect: false,
    // The link has a clock of its own.
    timeout: 0x7fffffff,
    parser: { Encoder, Decoder: BareDecoder },
  });
  const socket = manager.socket('/', { auth: (introduce) => events.onEngine(introduce) });
  let isClosed = false;

  socket.on('connect', events.onConnect);
  socket.on('connect_error', (cause: Error & { data?: unknown }) => {
    if (cause.data === undefined) events.onClose('unreachable', cause);
    else events.onRefuse(cause.data);
  });
  socket.on('disconnect', (reason, cause) => events.onClose(reason, cause));
  socket.onAny((name: string, payload: unknown): void => {
    // Closing does not take back what is in already.
    if (isClosed) return;
    try {
      if (name === BARE) events.onBinary(toBytes(payload as Uint8Array | ArrayBuffer));
      else events.onEvent(name, payload);
    } catch (cause) {
      // Half of something was taken: what is missing comes again after the next connect.
      events.onClose('unreadable', cause);
    }
  });
  socket.connect();

  return {
    emit: (event, payload, onReply) => void socket.emit(event, payload, onReply),
    get transport() {
      return manager.engine.transport.name;
    },
    close() {
      isClosed = true;
      socket.off();
      socket.offAny();
      socket.disconnect();
    },
  };
};

/** A Buffer in Node, an ArrayBuffer in browsers. */
function toBytes(binary: Uint8Array | ArrayBuffer): Uint8Array {
  return binary instanceof Uint8Array ? binary : new Uint8Array(binary);
}
