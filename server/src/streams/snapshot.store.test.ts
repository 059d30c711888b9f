import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startDatabase } from '../../../tests/postgres.ts';
import { createJournalStore } from './journal.store.ts';
import { createSnapshots } from './snapshot.store.ts';
import type { ReadSnapshot } from './snapshot.ts';

let started: Awaited<ReturnType<typeof startDatabase>>;
let snapshot: ReadSnapshot;
beforeAll(async () => {
  started = await startDatabase();
  snapshot = createSnapshots(started.database.pool);
});
afterAll(() => started.stop());

const entry = (partition: number, tMin: number, tMax = tMin) => ({ partition, payload: Uint8Array.of(1), tMin, tMax });

test('a snapshot has the entries that touch the range, up to its position, whatever is written meanwhile', async () => {
  const journal = createJournalStore(started.database.pool);
  await journal.append([entry(1, 100, 200), entry(2, 100)]);
  await journal.append([entry(1, 300, 400)]);
  await journal.append([entry(1, 150, 350)]);
  await snapshot(async (stored) => {
    await journal.append([entry(1, 250)]);
    const found: number[] = [];
    await stored.journal([1], { from: 201, to: 299 }, (entries) => found.push(...entries.map(({ offset }) => offset)));
    expect(found).toEqual([3]);
    expect(stored.position.offsets).toContainEqual([1, 3]);
    expect(stored.position.offsets).toContainEqual([2, 1]);
  });
});

test('work that fails half way gives its connection back', async () => {
  for (let i = 0; i < 20; i++) {
    await expect(snapshot(() => Promise.reject(new Error('too much')))).rejects.toThrow('too much');
  }
  await expect(snapshot((stored) => Promise.resolve(stored.position.offsets.length))).resolves.toBe(8);
});

const everything = { from: 0, to: 1e15 };
const isFree = () => {
  const { totalCount, idleCount, waitingCount } = started.database.pool;
  expect([totalCount - idleCount, waitingCount]).toEqual([0, 0]);
};

test('work that is cancelled between two reads ends there, and nothing breaks later', async () => {
  const controller = new AbortController();
  const reading = snapshot(async (stored) => {
    await stored.journal([1], everything, () => undefined);
    controller.abort(new Error('nobody wants it'));
    await stored.chunks([1], everything, () => undefined);
  }, controller.signal);
  await expect(reading).rejects.toThrow('nobody wants it');
  await vi.waitFor(isFree);
  await expect(snapshot(() => Promise.resolve(1), controller.signal)).rejects.toThrow('nobody wants it');
  // Longer than any timeout of a statement, after which its end would be told to whoever is gone.
  await sleep(2_500);
});

test('work that is cancelled while the database is busy with it ends at once, and nothing breaks later', async () => {
  const controller = new AbortController();
  const locker = await started.database.pool.connect();
  try {
    await locker.query('BEGIN');
    await locker.query('LOCK TABLE chunk IN ACCESS EXCLUSIVE MODE');
    const reading = snapshot((stored) => stored.chunks([1], everything, () => undefined), controller.signal);
    const ended = expect(reading).rejects.toThrow('nobody wants it');
    await sleep(300);
    controller.abort(new Error('nobody wants it'));
    await ended;
  } finally {
    await locker.query('ROLLBACK');
    locker.release();
  }
  await vi.waitFor(isFree);
  await sleep(2_500);
});
