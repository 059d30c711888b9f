import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDatabase, type TestDatabase } from '../../../tests/postgres.ts';
import { createReadableLog } from '../app.testing.ts';
import { partitionOf } from '../streams/stream.ts';
import { entriesIn, holdCommits, keyed, namedIngestOn, ORGANIZATION, point } from './ingest.testing.ts';
import { keepTrying } from './keep-trying.ts';
import type { PointBatch } from './point-batch.ts';
import { createWriteQueue } from './write-queue.ts';

let db: TestDatabase;
beforeEach(async () => void (db = await startDatabase()));
afterEach(() => db.stop());

const POISON = 2;

/** The database itself refuses the poison, the second stream that it meets: there is no partition 99. */
function queueOn() {
  const { ingest, points } = namedIngestOn(db.database, {
    partitionOf: (id) => (id === POISON ? 99 : partitionOf(id)),
  });
  const sizes: number[] = [];
  const queue = createWriteQueue((writes) => {
    sizes.push(writes.length);
    return ingest.appendAll(ORGANIZATION, writes);
  });
  return { queue, points, sizes };
}

/** One point of a stream at the time 1, so that the order of writing decides which one is left. */
function write(key: string, value: number): { batch: PointBatch } {
  const batch = point(1);
  const [stream] = batch.streams;
  const columns = { times: Float64Array.of(1), values: Float64Array.of(value) };
  return { batch: { points: 1, streams: [{ ...stream!, key, columns }] } };
}

test('what comes together is one append and one commit, in its order', async () => {
  const { queue, points, sizes } = queueOn();
  await Promise.all(Array.from({ length: 300 }, (_, i) => queue.add(write('a', i))));
  expect(sizes).toEqual([300]);
  expect(await entriesIn(db.database)).toBe(1);
  expect(await points('a')).toEqual(Array.from({ length: 300 }, (_, i) => [1, i]));
});

test('one write that cannot be stored is refused alone, and the others keep their order', async () => {
  const { queue, points } = queueOn();
  await queue.add(write('a', -1));
  const answers = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) => queue.add(write(i === 37 ? 'poison' : 'a', i))),
  );
  expect(answers.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([37]);
  const values = (await points('a')).map(([, value]) => value);
  expect(values).toEqual(Array.from({ length: 101 }, (_, i) => i - 1).filter((i) => i !== 37));
});

test('a key that comes twice at once is stored once, and one with another body is refused', async () => {
  const { queue, points } = queueOn();
  const answers = await Promise.allSettled([
    queue.add({ ...write('a', 1), idempotency: keyed('k') }),
    queue.add({ ...write('a', 1), idempotency: keyed('k') }),
    queue.add({ ...write('a', 2), idempotency: keyed('k', 'other') }),
    queue.add(write('a', 3)),
  ]);
  expect(answers).toMatchObject([
    { value: { isReplay: false } },
    { value: { isReplay: true } },
    { reason: { code: 'idempotency_key_reused' } },
    { value: { isReplay: false } },
  ]);
  expect(await points('a')).toEqual([
    [1, 1],
    [1, 3],
  ]);
});

test('of writes that come again with new ones, only the new ones are stored', async () => {
  const { queue, points } = queueOn();
  const all = Array.from({ length: 10 }, (_, i) => ({ ...write('a', i), idempotency: keyed(`k${i}`) }));
  await Promise.all(all.filter((_, i) => i % 2 === 0).map(queue.add));
  const again = await Promise.all(all.map(queue.add));
  expect(again.map(({ isReplay }) => isReplay)).toEqual(all.map((_, i) => i % 2 === 0));
  expect(await points('a')).toHaveLength(10);
});

test('what may pass is tried again until it has passed, and told of once', async () => {
  const { ingest, points } = namedIngestOn(db.database);
  const log = createReadableLog();
  const { signal } = new AbortController();
  const append = keepTrying((writes) => ingest.appendAll(ORGANIZATION, writes), { source: 'Test', log, signal });
  const release = await holdCommits(db.database);
  const stored = append([write('a', 1)]);
  await expect.poll(() => log.lines.length, { timeout: 10_000 }).toBe(1);
  await release();
  expect(await stored).toEqual([{ isReplay: false }]);
  expect((await points('a')).length).toBeGreaterThan(0);
  expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
});
