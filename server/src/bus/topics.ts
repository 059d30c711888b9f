import { z } from 'zod';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');

const room = z.object({
  place: z.string(),
  count: z.int(),
  present: z.array(z.object({ id: z.uuid(), name: z.string().nullable(), since: z.number() })),
});

/** What the servers say to each other. All of it is a hint: losing one costs time, never data. */
export const topics = {
  /** Points were committed to the journal; the payloads are codec blocks. */
  points: z.object({
    epoch: z.int(),
    entries: z.array(z.object({ partition: z.int(), offset: z.int(), payload: bytes })),
  }),
  /** Streams changed (not their points): forget what you know of them. */
  streams: z.object({ ids: z.array(z.int()) }),
  /** Who is in which room at one server (see live/presence-peers.ts). */
  presence: z.discriminatedUnion('is', [
    z.object({ is: z.enum(['news', 'all']), server: z.uuid(), version: z.int(), rooms: z.array(room) }),
    z.object({ is: z.literal('ask'), server: z.uuid(), of: z.array(z.uuid()).nullable() }),
    z.object({ is: z.literal('bye'), server: z.uuid() }),
  ]),
  /** An API key was revoked. */
  keys: z.object({ id: z.uuid() }),
};

export type Topic = keyof typeof topics;
export type Message<T extends Topic> = z.output<(typeof topics)[T]>;
