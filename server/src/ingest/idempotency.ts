import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { comeBackIn } from '../http/errors.ts';
import type { IdempotencyStore } from './idempotency.store.ts';

/** What makes a write one that may be sent again: its key, and SHA-256 of what was sent. */
export type Idempotency = { key: string; hash: Uint8Array };

/** The same for all servers: whose write it is belongs to it. */
export type Claim = Idempotency & { organization: string };

/** The header `Idempotency-Key` with the body that came with it; undefined when there is no such header. */
export function idempotencyOf(req: IncomingMessage, body: string | Uint8Array): Idempotency | undefined {
  const key = req.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new QuantumFluxError(
      'invalid_input',
      'Idempotency-Key must have 1 to 255 visible ASCII characters, without spaces. A random UUID is best.',
      { path: 'Idempotency-Key' },
    );
  }
  // The address counts: with another precision in it, the same body is another write.
  const hash = createHash('sha256').update(`${req.url}\n`).update(body).digest();
  return { key, hash };
}

/**
 * Stores a write once, however often it comes: again after it was stored, on another server at the same time, or both.
 * The database decides; what is known here only spares it the question.
 */
export function createOnce({ find }: Pick<IdempotencyStore, 'find'>) {
  const inFlight = new Set<string>();

  async function isStored({ organization, key, hash }: Claim): Promise<boolean> {
    const known = await find(organization, key);
    if (known === undefined) return false;
    if (Buffer.compare(known, hash) === 0) return true;
    throw new QuantumFluxError(
      'idempotency_key_reused',
      'This Idempotency-Key was used for another write in the last 24 hours. Give every write a key of its own.',
      { path: 'Idempotency-Key' },
    );
  }

  /** Runs `store` unless the claim is stored already. `store` must fail with a unique violation if it is by then. */
  return async function once(claim: Claim, store: () => Promise<void>): Promise<{ isReplay: boolean }> {
    const place = `${claim.organization} ${claim.key}`;
    if (inFlight.has(place)) {
      throw comeBackIn(1_000, 'conflict', 'A write with this Idempotency-Key is under way. Send it again in a second.');
    }
    inFlight.add(place);
    try {
      if (await isStored(claim)) return { isReplay: true };
      await store();
      return { isReplay: false };
    } catch (cause) {
      // Another server was faster.
      if (isTaken(cause) && (await isStored(claim))) return { isReplay: true };
      throw cause;
    } finally {
      inFlight.delete(place);
    }
  };
}

function isTaken(cause: unknown): boolean {
  return cause instanceof Error && 'constraint' in cause && cause.constraint === 'idempotency_key_pkey';
}
