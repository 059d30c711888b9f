import { PARTITIONS } from '@quantumflux/sdk/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDatabase } from '../../../tests/postgres.ts';
import { createJournalStore } from './journal.store.ts';
import type { Journal, JournalEntry } from './journal.ts';

let started: Awaited<ReturnType<typeof startDatabase>>;
let journal: Journal;
beforeEach(async () => {
  started = await startDatabase();
  journal = createJournalStore(started.database.pool);
});
afterEach(() => started.stop());

const entry = (partition: number, from: number, to = from) => ({
  partition,
  payload: Uint8Array.of(partition, from % 256),
  tMin: from,
  tMax: to,
});
const anything = { entries: 1_000, bytes: 1_000_000 };

test('a new journal has every partition at its start, in one epoch', async () => {
  const { epoch, offsets } = await journal.heads();
  expect(offsets).toEqual(Array.from({ length: PARTITIONS }, (_, partition) => [partition, 0]));
  expect(epoch).toBeGreaterThan(0);
  expect((await journal.heads()).epoch).toBe(epoch);
});

test('offsets count 1, 2, 3 in each partition, also with many writers at a time', async () => {
  const writes = Array.from({ length: 60 }, (_, i) => journal.append([entry(i % 2, i), entry(2, i)]));
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

test('a write to a partition that does not exist stores nothing of itself', async () => {
  await expect(journal.append([entry(0, 1), entry(PARTITIONS + 1, 1)])).rejects.toThrow();
  expect((await journal.heads()).offsets).toContainEqual([0, 0]);
});

test('what comes after an offset is read in order, up to the limits', async () => {
  for (let i = 0; i < 10; i++) await journal.append([entry(4, i)]);
  const offsets = (entries: JournalEntry[]) => entries.map(({ offset }) => offset);
  expect(offsets(await journal.after(4, 7, anything))).toEqual([8, 9, 10]);
  expect(offsets(await journal.after(4, 0, { ...anything, entries: 2 }))).toEqual([1, 2]);
  // Three payloads of two bytes fit into five: the last one may go over.
  expect(offsets(await journal.after(4, 0, { ...anything, bytes: 5 }))).toEqual([1, 2, 3]);
  expect(offsets(await journal.after(4, 0, { ...anything, bytes: 1 }))).toEqual([1]);
});
