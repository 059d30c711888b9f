import { MAX_WRITE_BYTES, QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { Reading } from './format.ts';
import { parseJson, readPoints } from './json.ts';
import { readLines } from './line-protocol.ts';
import { precisions } from './line-scanner.ts';
import { tooLarge } from './write-body.ts';

/**
 * Reads a message that does not say what it is: from `{` on it is the JSON of `POST /api/v1/points`, anything else line
 * protocol in nanoseconds, of which a line without a timestamp is of `now`, ms since the epoch.
 */
export function readPayload(payload: Buffer, { now }: { now: number }): Reading {
  if (payload.length > MAX_WRITE_BYTES) throw tooLarge(MAX_WRITE_BYTES);
  if (looksLikeJson(payload)) return { batch: readPoints(parseJson(payload)) };
  const reading = readLines(payload, { precision: precisions['ns']!, now });
  if (reading.batch.points > 0 || reading.refused) return reading;
  throw new QuantumFluxError('invalid_input', 'The message has no points.');
}

export function looksLikeJson(payload: Buffer): boolean {
  return /^\s*\{/.test(payload.toString('latin1', 0, 64));
}
