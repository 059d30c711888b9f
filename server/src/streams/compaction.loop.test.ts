import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silent } from '../log.ts';
import { startCompaction } from './compaction.loop.ts';
import { columnsOf, startStorage } from './storage.testing.ts';

let storage: Awaited<ReturnType<typeof startStorage>>;
let stream: number;
beforeEach(async () => {
  storage = await startStorage();
  stream = await storage.newStream();
});
afterEach(() => storage.stop());

const quick = { everyMs: 5, cleanEveryMs: 5, journalMs: 0 };
const write = (time: number) => storage.write(stream, columnsOf([[time, 1]]));
const stored = async () => (await storage.chunks()).reduce((sum, { count }) => sum + count, 0);

test('what is written is compacted and the journal cleaned, until it is stopped', async () => {
  const stop = startCompaction({ ...storage.open(), log: silent }, quick);
  for (let i = 0; i < 20; i++) await write(i);
  await vi.waitFor(async () => expect(await stored()).toBe(20));
  await vi.waitFor(async () => expect(await storage.prisma.journal.count()).toBe(0));
  await stop();
  await write(20);
  await new Promise((done) => setTimeout(done, 50));
  expect(await stored()).toBe(20);
});

test('while the tables are away it tries on, and says so once', async () => {
  const warn = vi.fn();
  await storage.pool.query('ALTER TABLE chunk RENAME TO away');
  await write(1);
  const stop = startCompaction({ ...storage.open(), log: { ...silent, warn } }, quick);
  await vi.waitFor(() => expect(warn).toHaveBeenCalled());
  await new Promise((done) => setTimeout(done, 100));
  await storage.pool.query('ALTER TABLE away RENAME TO chunk');
  await vi.waitFor(async () => expect(await stored()).toBe(1));
  await stop();
  expect(warn).toHaveBeenCalledTimes(1);
});

test('a clean-up that fails does not keep it from compacting', async () => {
  await storage.pool.query('ALTER FUNCTION drop_expired_chunk_partition RENAME TO away');
  const warn = vi.fn();
  const stop = startCompaction({ ...storage.open(), log: { ...silent, warn } }, quick);
  for (let i = 0; i < 5; i++) {
    await write(i);
    await vi.waitFor(async () => expect(await stored()).toBe(i + 1));
  }
  await stop();
  expect(warn).toHaveBeenCalledTimes(1);
});
