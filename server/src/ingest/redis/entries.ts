import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { z } from 'zod';
import { hashOf } from '../idempotency.ts';
import type { Message } from '../intake.ts';
import { readPayload } from '../payload.ts';

/** An entry of a Redis Stream: its id and its fields, name and value in turn. */
export type StreamEntry = { id: string; fields: Buffer[] };

const bytes = z.instanceof(Buffer);
const entryList = z.array(z.tuple([bytes, z.array(bytes).nullable()]).nullable());
const readReply = z.array(z.tuple([bytes, entryList])).nullable();
const claimReply = z.tuple([bytes, entryList], z.unknown());

/** What XREADGROUP of one stream answers; nothing when it waited in vain. */
export function entriesOfRead(reply: unknown): StreamEntry[] {
  return (readReply.parse(reply) ?? []).flatMap(([, list]) => entriesOf(list));
}

/** What XAUTOCLAIM answers. `next` is where it goes on; undefined at the end. */
export function entriesOfClaim(reply: unknown): { next: string | undefined; entries: StreamEntry[] } {
  const [cursor, list] = claimReply.parse(reply);
  const next = cursor.toString();
  return { next: next === '0-0' ? undefined : next, entries: entriesOf(list) };
}

/** An entry that was deleted, or trimmed away, while somebody had it has no fields any more. */
function entriesOf(list: z.output<typeof entryList>): StreamEntry[] {
  return list.flatMap((entry) => (entry ? [{ id: entry[0].toString(), fields: entry[1] ?? [] }] : []));
}

/** The points of an entry: of its field `payload`, or of the only field that it has. */
export function messageOf(stream: string, { id, fields }: StreamEntry): Message {
  const payload = payloadOf(fields);
  const at = `${stream} ${id}`;
  if (!payload) return { at, read: () => fail('An entry needs the field payload, with points in it.') };
  const hash = hashOf([payload]);
  return {
    at,
    // A line without a timestamp is of when it was added, so that it is the same however often it is read.
    read: () => readPayload(payload, { now: Number(id.split('-', 1)[0]) }),
    // Spaces keep it apart from the keys of senders, which have none; what was sent, from an id that is given again
    // after Redis lost its memory.
    idempotency: { key: `redis ${short(hashOf([stream]))} ${id} ${short(hash)}`, hash },
  };
}

function payloadOf(fields: readonly Buffer[]): Buffer | undefined {
  const named = fields.findIndex((field, i) => i % 2 === 0 && field.toString() === 'payload');
  return named >= 0 ? fields[named + 1] : fields.length === 2 ? fields[1] : undefined;
}

function short(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex').slice(0, 16);
}

function fail(message: string): never {
  throw new QuantumFluxError('invalid_input', message);
}
