import { Packr } from 'msgpackr';
import { z } from 'zod';
import type { Message, Topic } from './topics.ts';

/** Who sent a message, so that its sender knows it again. */
export const SENDER_BYTES = 8;

/** Of a message of `points`: sender, epoch, offset and partition. The rest is the payload, as it is. */
const POINTS_HEAD = SENDER_BYTES + 8 + 8 + 2;

const packr = new Packr({ useRecords: false });

const room = z.object({
  place: z.string(),
  count: z.int(),
  present: z.array(z.object({ id: z.uuid(), name: z.string().nullable(), since: z.number() })),
});

/** Rare ones; points have a layout of their own, for there are thousands of them in a second. */
const schemas = {
  heads: z.object({ epoch: z.int(), offsets: z.array(z.tuple([z.int(), z.int()])) }),
  streams: z.object({ ids: z.array(z.int()) }),
  presence: z.discriminatedUnion('is', [
    z.object({ is: z.enum(['news', 'all']), server: z.uuid(), version: z.int(), rooms: z.array(room) }),
    z.object({ is: z.literal('ask'), server: z.uuid(), of: z.array(z.uuid()).nullable() }),
    z.object({ is: z.literal('bye'), server: z.uuid() }),
  ]),
  keys: z.object({ id: z.uuid() }),
};

/** A message as it travels, once for all who hear it. */
export function pack<T extends Topic>(topic: T, message: Message<T>, sender: Uint8Array): Buffer {
  if (topic !== 'points') return Buffer.concat([sender, packr.pack(message)]);
  const { epoch, partition, offset, payload } = message as Message<'points'>;
  const bytes = Buffer.allocUnsafe(POINTS_HEAD + payload.length);
  bytes.set(sender);
  bytes.writeDoubleLE(epoch, SENDER_BYTES);
  bytes.writeDoubleLE(offset, SENDER_BYTES + 8);
  bytes.writeUInt16LE(partition, SENDER_BYTES + 16);
  bytes.set(payload, POINTS_HEAD);
  return bytes;
}

/** Whether this server sent it. */
export function isFrom(sender: Buffer, bytes: Buffer): boolean {
  return bytes.length >= SENDER_BYTES && sender.compare(bytes, 0, SENDER_BYTES) === 0;
}

/** Throws when the bytes are not a message of this topic, as those of another version may not be. */
export function unpack<T extends Topic>(topic: T, bytes: Buffer): Message<T> {
  return (topic === 'points' ? unpackPoints(bytes) : unpackRare(topic, bytes)) as Message<T>;
}

function unpackPoints(bytes: Buffer): Message<'points'> {
  const epoch = bytes.readDoubleLE(SENDER_BYTES);
  const offset = bytes.readDoubleLE(SENDER_BYTES + 8);
  const partition = bytes.readUInt16LE(SENDER_BYTES + 16);
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(offset)) throw new Error('An offset is a whole number.');
  // Copied, for what stays in memory must not hold on to the whole piece of network it came in.
  return { epoch, partition, offset, payload: new Uint8Array(bytes.subarray(POINTS_HEAD)) };
}

function unpackRare(topic: Exclude<Topic, 'points'>, bytes: Buffer): Message<typeof topic> {
  return schemas[topic].parse(packr.unpack(bytes.subarray(SENDER_BYTES)));
}
