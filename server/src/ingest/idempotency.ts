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
  // The address counts: with another precision in it, the same body is another write.
  return key === undefined ? undefined : keyed(key, [`${req.url}\n`, body], 'Idempotency-Key');
}

/** A sender's key, checked, with what was sent. `path` is where it stood. */
export function keyed(key: unknown, sent: readonly (string | Uint8Array)[], path: string): Idempotency {
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new QuantumFluxError(
      'invalid_input',
      `${path} must have 1 to 255 visible ASCII characters, without spaces. A random UUID is best.`,
      { path },
    );
  }
  return { key, hash: hashOf(sent) };
}

/** SHA-256 of what was sent, by which a repetition is told from another write. */
export function hashOf(sent: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of sent) hash.update(part);
  return hash.digest();
}

/**
 * Stores writes once, however often they come: again after they were stored, on another server at the same time, or both.
 * The database decides; what is known here only spares it the question.
 */
export function createOnce({ find }: Pick<IdempotencyStore, 'find'>) {
  const inFlight = new Set<string>();

  async function storedAmong(claims: readonly Claim[]): Promise<ReadonlySet<Claim>> {
    if (claims.length === 0) return new Set();
    const known = await find(
      claims[0]!.organization,
      claims.map(({ key }) => key),
    );
    const stored = claims.filter(({ key }) => known.has(key));
    if (stored.every(({ key, hash }) => Buffer.compare(known.get(key)!, hash) === 0)) return new Set(stored);
    throw new QuantumFluxError(
      'idempotency_key_reused',
      'This Idempotency-Key was used for another write in the last 24 hours. Give every write a key of its own.',
      { path: 'Idempotency-Key' },
    );
  }

  /**
   * Runs `store`, which is told the claims of one organization that are stored already, and gives them back. `store` must
   * fail with a unique violation if it stores one that is stored by then.
   */
  return async function once(
    claims: readonly Claim[],
    store: (isStored: ReadonlySet<Claim>) => Promise<void>,
  ): Promise<ReadonlySet<Claim>> {
    const places = new Set(claims.map(({ organization, key }) => `${organization} ${key}`));
    if (places.size < claims.length || [...places].some((place) => inFlight.has(place))) {
      throw comeBackIn(1_000, 'conflict', 'A write with this Idempotency-Key is under way. Send it again in a second.');
    }
    for (const place of places) inFlight.add(place);
    try {
      const stored = await storedAmong(claims);
      await store(stored);
      return stored;
    } catch (cause) {
      // Another server was faster. If only some are there now, all the others are not.
      const stored = isTaken(cause) ? await storedAmong(claims) : new Set<Claim>();
      if (claims.length > 0 && stored.size === claims.length) return stored;
      throw cause;
    } finally {
      for (const place of places) inFlight.delete(place);
    }
  };
}

function isTaken(cause: unknown): boolean {
  return cause instanceof Error && 'constraint' in cause && cause.constraint === 'idempotency_key_pkey';
}
