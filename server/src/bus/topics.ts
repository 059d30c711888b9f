import { z } from 'zod';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');

/** What the servers say to each other. All of it is a hint: losing one costs time, never data. */
export const topics = {
  /** Points were committed to the journal; the payloads are codec blocks. */
  points: z.object({
    epoch: z.int(),
    entries: z.array(z.object({ partition: z.int(), offset: z.int(), payload: bytes })),
  }),
  /** Streams changed (not their points): forget what you know of them. */
  streams: z.object({ ids: z.array(z.int()) }),
  /** An API key was revoked. */
  keys: z.object({ id: z.uuid() }),
};

export type Topic = keyof typeof topics;
export type Message<T extends Topic> = z.output<(typeof topics)[T]>;
