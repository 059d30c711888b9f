import { ByteWriter, PARTITIONS, writeBlock } from '@quantumflux/sdk/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrationsDir } from '../../../tests/migrations.ts';
import type { TestDatabase } from '../../../tests/postgres.ts';
import { applyMigrations } from '../database/migrations.ts';
import { isOutage } from '../http/outage.ts';
import { createIdempotencyStore } from '../ingest/idempotency.store.ts';
import { silent } from '../log.ts';
import type { JournalEntry } from './journal.ts';
import { createSnapshots } from './snapshot.store.ts';
import { columnsOf, compactAll, pointsOf, startStorage } from './storage.testing.ts';
import { createStreamStore, type NewStream } from './streams.store.ts';

type Storage = Awaited<ReturnType<typeof startStorage>>;

const DAY = 86_400_000;
const START = Date.UTC(2026, 9, 31, 23, 59);
const everything = { from: -Infinity, to: Infinity };
const anything = { entries: 1_000, bytes: 1_000_000 };

function entry(partition: number, tMin: number, tMax = tMin) {
  return { partition, payload: Uint8Array.of(partition, tMin % 256), tMin, tMax };
}

/** The same with a point of the stream of the partition's number. */
function pointEntry(partition: number, tMin: number, tMax = tMin) {
  const out = new ByteWriter();
  writeBlock(out, partition, { times: Float64Array.of(tMin), values: Float64Array.of(1) });
  return { partition, payload: out.toBytes(), tMin, tMax };
}

/** What every PostgreSQL must do for us; each that we promise to run on runs this suite. */
export function storageContract(name: string, start: () => Promise<TestDatabase>): void {
  let storage: Storage;
  beforeEach(async () => void (storage = await startStorage({ start })));
  afterEach(() => storage.stop());

  describe(`the journal in ${name}`, () => {
    test('has every partition at its start, in one epoch', async () => {
      const { epoch, offsets } = await storage.journal.heads();
      expect(offsets).toEqual(Array.from({ length: PARTITIONS }, (_, partition) => [partition, 0]));
      expect(epoch).toBeGreaterThan(0);
      expect((await storage.journal.heads()).epoch).toBe(epoch);
      expect((await storage.journal.append([entry(1, 1)])).epoch).toBe(epoch);
    });

    test('counts 1, 2, 3 in each partition, also with many writers at a time', async () => {
      const writes = Array.from({ length: 60 }, (_, i) => storage.journal.append([entry(i % 2, i), entry(2, i)]));
      const results = (await Promise.all(writes)).flatMap(({ entries }) => entries);
      for (const [partition, count] of [
        [0, 30],
        [1, 30],
        [2, 60],
      ] as const) {
        const offsets = results.filter((each) => each.partition === partition).map(({ offset }) => offset);
        expect(offsets.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
      }
    });

    test('stores nothing of a write to a partition that does not exist', async () => {
      await expect(storage.journal.append([entry(0, 1), entry(PARTITIONS + 1, 1)])).rejects.toThrow();
      expect((await storage.journal.heads()).offsets).toContainEqual([0, 0]);
    });

    test('is read in order after an offset, up to the limits', async () => {
      const { journal } = storage;
      for (let i = 0; i < 10; i++) await journal.append([entry(4, i)]);
      const offsets = (entries: JournalEntry[]) => entries.map(({ offset }) => offset);
      expect(offsets(await journal.after(4, 7, anything))).toEqual([8, 9, 10]);
      expect(offsets(await journal.after(4, 0, { ...anything, entries: 2 }))).toEqual([1, 2]);
      // Three payloads of two bytes fit into five: the last one may go over.
      expect(offsets(await journal.after(4, 0, { ...anything, bytes: 5 }))).toEqual([1, 2, 3]);
      expect(offsets(await journal.after(4, 0, { ...anything, bytes: 1 }))).toEqual([1]);
    });

    test('takes a write with its key once, for a day', async () => {
      const claim = { organization: storage.organizationId, key: 'once', hash: new Uint8Array(32).fill(7) };
      const keys = createIdempotencyStore(storage.pool);
      await storage.journal.append([entry(0, 1)], [claim]);
      await expect(storage.journal.append([entry(0, 2)], [claim])).rejects.toMatchObject({ code: '23505' });
      expect((await storage.journal.heads()).offsets).toContainEqual([0, 1]);
      expect((await keys.find(claim.organization, ['once'])).get('once')).toEqual(Buffer.from(claim.hash));
      await storage.pool.query(`UPDATE idempotency_key SET created_at = now() - interval '25 hours'`);
      await storage.journal.append([entry(0, 2)], [claim]);
      expect((await storage.journal.heads()).offsets).toContainEqual([0, 2]);
    });
  });

  describe(`a snapshot of ${name}`, () => {
    test('has the entries that touch the range, up to its position, whatever is written meanwhile', async () => {
      const { journal, pool } = storage;
      await journal.append([pointEntry(1, 100, 200), pointEntry(2, 100)]);
      await journal.append([pointEntry(1, 300, 400)]);
      await journal.append([pointEntry(1, 150, 350)]);
      await createSnapshots(pool)(async (stored) => {
        await journal.append([pointEntry(1, 250)]);
        const found: number[] = [];
        await stored.journal([1], { from: 201, to: 299 }, ({ offset }) => found.push(offset));
        expect(found).toEqual([3]);
        expect(stored.position.offsets).toContainEqual([1, 3]);
        expect(stored.position.offsets).toContainEqual([2, 1]);
      });
    });

    test('gives its connection back, also when the work fails half way', async () => {
      const snapshot = createSnapshots(storage.pool);
      for (let i = 0; i < 20; i++) {
        await expect(snapshot(() => Promise.reject(new Error('too much')))).rejects.toThrow('too much');
      }
      await expect(snapshot((stored) => Promise.resolve(stored.position.offsets.length))).resolves.toBe(8);
    });
  });

  test(`a connection to ${name} that ends between two reads fails the question, and nothing else`, async () => {
    const failing = createSnapshots(storage.pool)(async (stored) => {
      await stored.chunks([0], everything, () => undefined);
      await storage.prisma.$queryRaw`SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction'`;
      await sleep(200);
      await stored.chunks([0], everything, () => undefined);
    });
    const failure: unknown = await failing.catch((error: unknown) => error);
    expect(isOutage(failure)).toBe(true);
    // Longer than the driver waits for any answer.
    await sleep(2_200);
  });

  describe(`what is compacted in ${name}`, () => {
    test('gives the answers of before, over the end of a day and a month', async () => {
      const { compactor, history, summary } = storage.open({ chunkPoints: 50 });
      const stream = await storage.newStream();
      const points = Array.from({ length: 300 }, (_, i) => [START + i * 1_000, (i * 37) % 101] as [number, number]);
      await storage.write(stream, columnsOf(points.slice(0, 200)));
      await storage.write(stream, columnsOf(points.slice(150)));
      const question = { from: START, to: START + DAY, intervalMs: 60_000 };
      const before = await summary([stream], question);
      await compactAll(compactor);
      await storage.write(stream, columnsOf([[START + 5_000, 42]]));
      await storage.write(stream, columnsOf([[START + 5_000, points[5]![1]]]));
      await compactAll(compactor);
      expect((await storage.chunks()).length).toBeGreaterThan(1);
      const { columns } = await history([stream], question.from, question.to);
      expect(pointsOf(columns.get(stream)!)).toEqual(points);
      expect((await summary([stream], question)).rollups).toEqual(before.rollups);
    });

    test('is compacted by one of two servers, while the other passes it by', async () => {
      const [one, other] = [storage.open(), storage.open()];
      await storage.journal.append([entry(3, 1)]);
      const due = { ageMs: 0, entries: 1_000, bytes: 1_000_000 };
      const found = await one.store.hold(due, async (held) => {
        expect(held.entries).toHaveLength(1);
        return other.store.hold(due, () => Promise.resolve('the same partition'));
      });
      expect(found).toBeUndefined();
      // Nothing was advanced: it is due again.
      expect(await other.store.hold(due, () => Promise.resolve('free'))).toBe('free');
    });

    test('leaves the journal, and a stream loses what is older than it is to be kept', async () => {
      const { compactor, store } = storage.open();
      const stream = await storage.newStream();
      await storage.write(stream, columnsOf([[START, 1]]));
      await compactAll(compactor);
      await store.trimJournal(-1);
      expect(await storage.prisma.journal.count()).toBe(0);
      await storage.prisma.stream.update({ where: { id: stream }, data: { retentionMs: 1 } });
      await store.expireChunks();
      expect(await storage.prisma.chunk.count()).toBe(0);
    });

    test('lies in the partition of its month, also when that was made later', async () => {
      const { compactor, store } = storage.open();
      await storage.write(await storage.newStream(), columnsOf([[START, 1]]));
      const where = async () =>
        (await storage.pool.query<{ name: string }>('SELECT tableoid::regclass::text AS name FROM chunk')).rows;
      await compactAll(compactor);
      await store.makeMonth('2026-10-01');
      await store.makeMonth('2026-10-01');
      expect(await where()).toEqual([{ name: 'chunk_2026_10' }]);
    });
  });

  describe(`streams in ${name}`, () => {
    const wanted = (key: string, more: Partial<NewStream> = {}): NewStream => ({
      organization: storage.organizationId,
      key,
      stream: key,
      tags: { line: '3' },
      unit: null,
      kind: 'gauge',
      public: false,
      ...more,
    });

    test('are made once, by whichever server comes first', async () => {
      const store = createStreamStore(storage.prisma);
      const streams = Array.from({ length: 2_500 }, (_, i) => wanted(`s${i}`));
      const both = await Promise.all([
        store.ensure(storage.organizationId, streams),
        store.ensure(storage.organizationId, streams.toReversed()),
      ]);
      const ids = both.map((made) => made.map(({ id }) => id).sort((a, b) => a - b));
      expect(ids[0]).toEqual(ids[1]);
      expect(new Set(ids[0]).size).toBe(2_500);
      expect(await storage.prisma.stream.count()).toBe(2_500);
    });

    test('are found by their name, and by what changed since', async () => {
      const store = createStreamStore(storage.prisma);
      const { mark } = await store.changedSince(await store.now());
      await store.ensure(storage.organizationId, [wanted('a.x'), wanted('a.y'), wanted('b')]);
      const keys = (streams: { key: string }[]) => streams.map(({ key }) => key).sort();
      expect(keys((await store.named(storage.organizationId, 'a.*')).streams)).toEqual(['a.x', 'a.y']);
      const made = await store.changedSince(mark);
      expect(keys(made.streams)).toEqual(['a.x', 'a.y', 'b']);
      expect((await store.changedSince(made.mark)).streams).toEqual([]);
      await store.setPublic([made.streams[0]!.id], true);
      expect(await store.changedSince(made.mark)).toMatchObject({
        streams: [{ id: made.streams[0]!.id, public: true }],
      });
    });

    test('that a transaction makes while others look are not passed over', async () => {
      const store = createStreamStore(storage.prisma);
      const slow = await storage.pool.connect();
      await slow.query('BEGIN');
      await slow.query(`INSERT INTO stream (organization_id, "key", name, tags) VALUES ($1, 'slow', 'slow', '{}')`, [
        storage.organizationId,
      ]);
      await store.ensure(storage.organizationId, [wanted('quick')]);
      const { mark } = await store.changedSince(await store.now());
      await slow.query('COMMIT');
      slow.release();
      expect((await store.changedSince(mark)).streams.map(({ key }) => key)).toContain('slow');
    });
  });

  test(`the migrations make ${name} from what it was before them, once`, async () => {
    const client = new pg.Client({ connectionString: storage.url });
    await client.connect();
    const options = { dir: migrationsDir, log: silent };
    expect(await applyMigrations(client, options)).toEqual([]);
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    expect((await applyMigrations(client, options)).length).toBeGreaterThan(3);
    await client.end();
  });
}
