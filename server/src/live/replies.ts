import { QuantumFluxError, type ClientEvents, type Reply } from '@quantumflux/sdk/protocol';
import { toQuantumFluxError } from '../http/errors.ts';
import type { Log } from '../log.ts';
import type { LiveSocket } from './socket.ts';

type Answer = (reply: Reply<unknown>) => void;

const known: readonly string[] = [
  'subscribe',
  'unsubscribe',
  'auth.refresh',
  'presence.join',
  'presence.leave',
] satisfies (keyof ClientEvents)[];

/** Answers one event. Whatever comes in, the socket stays up. */
export function answer(
  socket: LiveSocket,
  event: keyof ClientEvents,
  log: Log,
  handle: (input: unknown) => unknown,
): void {
  const listener = (input: unknown, reply: unknown): void => {
    const send = typeof reply === 'function' ? (reply as Answer) : () => undefined;
    // Inside a promise from the start: what is thrown at once is answered like what fails later.
    void Promise.resolve(input)
      .then(handle)
      .then(
        (value) => send({ ok: true, value }),
        (cause: unknown) => {
          const error = toQuantumFluxError(cause);
          if (error.code === 'internal') log.error(`${event} failed`, cause);
          send({ ok: false, error: error.toBody() });
        },
      );
  };
  // Strangers may send anything, so the arguments are not what the types of the protocol say.
  socket.on(event, listener);
}

/** An event that does not exist is a mistake of the sender, who is told if it asked for an answer. */
export function answerUnknownEvents(socket: LiveSocket): void {
  socket.onAny((event: string, ...args: unknown[]) => {
    const reply = args.at(-1);
    if (known.includes(event) || typeof reply !== 'function') return;
    const error = new QuantumFluxError(
      'invalid_input',
      `There is no event ${event.slice(0, 100)}. Known are ${known.join(', ')}.`,
    );
    (reply as Answer)({ ok: false, error: error.toBody() });
  });
}
