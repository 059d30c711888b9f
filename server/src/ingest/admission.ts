import type { IncomingMessage, ServerResponse } from 'node:http';
import { comeBackIn } from '../http/errors.ts';
import { within } from './within.ts';

const defaults = {
  /** Bodies that are in memory at a time, from their first byte until their points are stored. */
  maxBytes: 64 * 1_024 * 1_024,
  /** How long a body may take to arrive, in ms. */
  bodyMs: 15_000,
};

export type AdmissionOptions = Partial<typeof defaults>;

/** The right to send one body. It ends by itself with the answer. */
export type Ticket = {
  /** For each part as it comes: counts what was not announced. Throws `unavailable` when there is no room for it. */
  take(bytes: number): void;

  /** Waits for the body, but not for ever: `unavailable` when its sender is too slow. */
  inTime<T>(body: Promise<T>): Promise<T>;
};

/** A place for the bytes of somebody who has no request. */
export type Room = {
  /** How many bytes are in now. Throws `unavailable` when there is no room for more. */
  resize(bytes: number): void;
};

/** Lets in as many bytes as there is room for, and refuses the others before they are read. */
export function createAdmission(options: AdmissionOptions = {}) {
  const { maxBytes, bodyMs } = { ...defaults, ...options };
  let bytesInFlight = 0;

  function reserve(bytes: number): void {
    // Alone, anything may come in: how large one body may be is another limit.
    if (bytesInFlight > 0 && bytesInFlight + bytes > maxBytes) {
      throw comeBackIn(1_000, 'unavailable', 'More is being sent than can be stored. Send it again in a second.');
    }
    bytesInFlight += bytes;
  }

  return {
    /** Asked before the body is read. Throws `unavailable` when there is no room for it. */
    enter(req: IncomingMessage, res: ServerResponse): Ticket {
      const announced = Number(req.headers['content-length'] ?? 0);
      let reserved = announced;
      let taken = 0;
      reserve(announced);
      res.once('close', () => (bytesInFlight -= reserved));

      return {
        take(bytes) {
          taken += bytes;
          if (taken <= reserved || res.closed) return;
          reserve(taken - reserved);
          reserved = taken;
        },

        inTime: (body) => within(bodyMs, body, () => cutOff(req, res, bodyMs)),
      };
    },

    /** Whoever is done with it resizes it to 0. */
    room(): Room {
      let reserved = 0;
      return {
        resize(bytes) {
          if (bytes > reserved) reserve(bytes - reserved);
          else bytesInFlight -= reserved - bytes;
          reserved = bytes;
        },
      };
    },

    /** How many bytes are in at the moment. */
    get bytesInFlight(): number {
      return bytesInFlight;
    },
  };
}

export type Admission = ReturnType<typeof createAdmission>;

/** What else comes would have to be kept or thrown away for as long as its sender likes. */
function cutOff(req: IncomingMessage, res: ServerResponse, bodyMs: number): Error {
  res.setHeader('Connection', 'close');
  res.once('finish', () => req.destroy());
  return comeBackIn(
    1_000,
    'unavailable',
    `The body did not arrive within ${bodyMs / 1_000} s. Send it again, in smaller parts.`,
  );
}
