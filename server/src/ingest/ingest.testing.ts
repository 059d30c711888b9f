import { blocksOf, decodeBlock } from '@quantumflux/sdk/protocol';
import { createHash } from 'node:crypto';
import { createMemoryBus } from '../bus/bus.memory.ts';
import type { Database } from '../database/database.ts';
import { silent } from '../log.ts';
import { createJournalStore } from '../streams/journal.store.ts';
import { partitionOf } from '../streams/stream.ts';
import type { Idempotency } from './idempotency.ts';
import { createIdempotencyStore } from './idempotency.store.ts';
import { createIngestService, type IngestPorts } from './ingest.service.ts';
import type { PointBatch } from './point-batch.ts';

export const ORGANIZATION = '00000000-0000-4000-8000-000000000001';

/** The ingest of one server on this database; the key of a stream is its number. */
export function ingestOn({ pool }: Pick<Database, 'pool'>, ports: Partial<IngestPorts> = {}) {
  return createIngestService({
    ensureStreams: (_, wanted) => Promise.resolve(wanted.map(({ key }) => ({ id: Number(key), key }))),
    partitionOf,
    appendToJournal: createJournalStore(pool).append,
    idempotency: createIdempotencyStore(pool),
    bus: createMemoryBus(silent),
    log: silent,
    ...ports,
  });
}

/** The same for streams by their keys. `points` reads back what is in the journal, `[time, value]` in the order of writing. */
export function namedIngestOn(database: Pick<Database, 'pool'>, ports: Partial<IngestPorts> = {}) {
  const ids = new Map<string, number>();
  const idOf = (key: string) => ids.get(key) ?? ids.set(key, ids.size + 1).get(key)!;
  const ingest = ingestOn(database, {
    ensureStreams: (_, wanted) => Promise.resolve(wanted.map(({ key }) => ({ id: idOf(key), key }))),
    ...ports,
  });

  async function points(key: string): Promise<[number, number][]> {
    const { rows } = await database.pool.query<{ payload: Buffer }>('SELECT payload FROM journal ORDER BY "offset"');
    return rows
      .flatMap(({ payload }) => [...blocksOf(payload)])
      .filter(({ stream }) => stream === ids.get(key))
      .flatMap((block) => {
        const { times, values } = decodeBlock(block);
        return Array.from(times, (time, i): [number, number] => [time, values[i]!]);
      });
  }
  return { ingest, points };
}

/** Holds every commit on a database still until it is called. */
export async function holdCommits({ pool }: Pick<Database, 'pool'>): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE partition_head IN ACCESS EXCLUSIVE MODE');
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

/** One point of one stream. */
export function point(id: number, time = 1): PointBatch {
  const columns = { times: Float64Array.of(time), values: Float64Array.of(time) };
  const stream = { stream: 's', tags: {}, key: String(id), unit: null, kind: 'gauge', public: false, columns } as const;
  return { points: 1, streams: [stream] };
}

/** A key with a body that came with it. */
export function keyed(key: string, body = 'body'): Idempotency {
  return { key, hash: createHash('sha256').update(body).digest() };
}

/** How many entries the journal has. */
export async function entriesIn({ pool }: Pick<Database, 'pool'>): Promise<number> {
  const { rows } = await pool.query<{ count: string }>('SELECT count(*) FROM journal');
  return Number(rows[0]!.count);
}
