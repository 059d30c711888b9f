import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startDatabase } from '../../../tests/postgres.ts';
import { createSnapshots } from './snapshot.store.ts';
import type { ReadSnapshot } from './snapshot.ts';

// What else snapshots promise is in storage.contract.ts.

let started: Awaited<ReturnType<typeof startDatabase>>;
let snapshot: ReadSnapshot;
beforeAll(async () => {
  started = await startDatabase();
  snapshot = createSnapshots(started.database.pool);
});
afterAll(() => started.stop());

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
