import type { ClientEvents, Handshake } from '../protocol/index.ts';
import type { SocketIo, SocketIoEvents } from '../socket-io.ts';
import { toError } from './replies.ts';
import type { Asked, Wire } from './session.ts';

export type SocketPorts = {
  server: {
    admit: (handshake: Handshake) => void;
    open: (handshake: Handshake, wire: Wire) => { asked: Asked; leave: () => void };
  };
  isAway: () => boolean;
  /** How long everything is on its way, in ms. */
  latencyMs: number;
};

/** Stands for a socket to a server in the same process. What goes over is what would go over a network: bytes and JSON. */
export function openSocket({ server, isAway, latencyMs }: SocketPorts, events: SocketIoEvents): SocketIo {
  let isClosed = false;
  let asked: Asked | undefined;
  let leave = () => undefined as void;

  /** Later and in order, as with a network; not any more once it is closed. */
  function travel(arrive: () => void): void {
    const go = () => {
      if (!isClosed) arrive();
    };
    if (latencyMs > 0) setTimeout(go, latencyMs);
    else queueMicrotask(go);
  }

  const wire: Wire = {
    send(event, message) {
      const sent = copied(message);
      // F3: frames come bare.
      travel(() => (sent instanceof Uint8Array ? events.onBinary(sent) : events.onEvent(event, sent)));
    },
    close(how) {
      leave();
      if (how === 'cut') events.onClose('transport close');
      else travel(() => events.onClose('server disconnect'));
    },
  };

  function introduce(handshake: Handshake): void {
    if (isAway()) return events.onClose('transport error');
    try {
      server.admit(handshake);
    } catch (cause) {
      return travel(() => events.onRefuse(toError(cause).toBody()));
    }
    travel(() => events.onConnect());
    ({ asked, leave } = server.open(handshake, wire));
  }

  travel(() => events.onEngine((auth) => travel(() => introduce(copied(auth) as Handshake))));

  return {
    transport: 'in process',
    emit(event, payload, onReply) {
      const sent = copied(payload);
      travel(() => {
        const answer = asked![event as keyof ClientEvents] as (
          payload: unknown,
          reply: (reply: unknown) => void,
        ) => void;
        answer(sent, (reply) => {
          const answered = copied(reply);
          travel(() => onReply(answered));
        });
      });
    },
    close() {
      isClosed = true;
      leave();
    },
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
