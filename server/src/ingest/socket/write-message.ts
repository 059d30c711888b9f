import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { readColumns } from '../columns.ts';
import type { KeyedWrite } from '../ingest.service.ts';
import { keyed } from '../idempotency.ts';
import { parseJson, readPoints } from '../json.ts';

/** A message of a socket: one write, which can still turn out not to be in order. */
export type WriteMessage = {
  /** What the sender calls it, for the answer; null when nobody can tell. */
  id: number | null;
  read(): KeyedWrite;
};

/** The bytes in front of binary columns: u32 id, u8 length of the key. */
export const HEAD_BYTES = 5;

const MAX_ID = 0xffff_ffff;

/** Opens a text: JSON of `POST /api/v1/points`, and beside it `id` and perhaps `idempotencyKey`. */
export function openText(data: Buffer): WriteMessage {
  const message = attempt(() => parseJson(data));
  if (
    'error' in message ||
    typeof message.value !== 'object' ||
    message.value === null ||
    Array.isArray(message.value)
  ) {
    const error = 'error' in message ? message.error : invalid('A message must be a JSON object.');
    return { id: null, read: () => fail(error) };
  }
  const { id, idempotencyKey, ...write } = message.value as Record<string, unknown>;
  if (!isId(id))
    return { id: null, read: () => fail(invalid(`id: must be a whole number from 0 to ${MAX_ID}.`, 'id')) };
  return {
    id,
    read: () => ({
      idempotency:
        idempotencyKey === undefined ? undefined : keyed(idempotencyKey, [JSON.stringify(write)], 'idempotencyKey'),
      batch: readPoints(write),
    }),
  };
}

/** Opens binary columns with their head: u32 id · u8 length of the idempotency key, 0 without one · the key, ASCII · columns. */
export function openBinary(data: Buffer): WriteMessage {
  if (data.length < HEAD_BYTES) return { id: null, read: () => fail(invalid('The message ends before its columns.')) };
  return {
    id: data.readUInt32LE(0),
    read() {
      const start = HEAD_BYTES + data.readUInt8(4);
      if (start > data.length) throw invalid('The message ends before its columns.');
      const key = data.toString('latin1', HEAD_BYTES, start);
      const columns = data.subarray(start);
      return {
        idempotency: key === '' ? undefined : keyed(key, [columns], 'idempotencyKey'),
        batch: readColumns(columns),
      };
    },
  };
}

function isId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) <= MAX_ID;
}

function attempt<Value>(make: () => Value): { value: Value } | { error: unknown } {
  try {
    return { value: make() };
  } catch (error) {
    return { error };
  }
}

function fail(error: unknown): never {
  throw error;
}

function invalid(message: string, path?: string): QuantumFluxError {
  return new QuantumFluxError('invalid_input', message, path === undefined ? {} : { path });
}
