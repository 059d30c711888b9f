import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDatabase } from '../../../tests/postgres.ts';
import { createJournalStore } from '../streams/journal.store.ts';
import { createRecentEntries } from '../streams/recent-entries.ts';
import type { Journal } from '../streams/journal.ts';
import { createBackfill, type BackfillOptions } from './backfill.ts';

let started: Awaited<ReturnType<typeof startDatabase>>;
let journal: Journal;

beforeEach(async () => {
  started = await startDatabase();
  journal = createJournalStore(started.database.pool);
});
afterEach(() => started.stop());

/** Writes entries to partition 3 of the journal, of so many bytes each. */
async function write(count: number, bytes = 10): Promise<void> {
  for (let i = 0; i < count; i++)
    await journal.append([{ partition: 3, payload: new Uint8Array(bytes).fill(i), tMin: 0, tMax: 0 }]);
}

/** A backfill, the rows that it read of the journal, and how often it asked. */
function start(options: BackfillOptions = {}, recent = createRecentEntries()) {
  const rows: number[] = [];
  let asked = 0;
  let isAway = false;
  const after: Journal['after'] = async (...question) => {
    asked += 1;
    if (isAway) throw new Error('away');
    const found = await journal.after(...question);
    rows.push(...found.map(({ offset }) => offset));
    return found;
  };
  let counted = 0;
  const backfill = createBackfill({ journal: { after }, recent, onRead: (read) => (counted += read) }, options);
  return {
    rows,
    recent,
    backfill,
    get asked() {
      return asked;
    },
    get counted() {
      return counted;
    },
    goAway: (away: boolean) => void (isAway = away),
    offsets: async (after: number, last: number, limit?: number) =>
      (await backfill.read({ partition: 3, after, last }, limit))?.map(({ offset }) => offset),
  };
}

const fromTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('a thousand who come back at once, from anywhere, read each row of the journal once', async () => {
  await write(60);
  const backfill = start({ readEntries: 16 });
  const from = Array.from({ length: 1_000 }, (_, i) => (i * 7) % 60);
  const seen = await Promise.all(from.map((after) => backfill.offsets(after, 60)));
  expect(seen).toEqual(from.map((after) => fromTo(after + 1, 60)));
  expect(backfill.rows.toSorted((a, b) => a - b)).toEqual(fromTo(1, 60));
  expect(backfill.counted).toBe(60);
});

test('also when reads come less far than was asked for, because their entries are large', async () => {
  await write(30, 1_000);
  const { rows, offsets } = start({ readEntries: 16, readBytes: 3_500 });
  const seen = await Promise.all([offsets(0, 30), offsets(20, 30), offsets(11, 30), offsets(0, 12)]);
  expect(seen).toEqual([fromTo(1, 30), fromTo(21, 30), fromTo(12, 30), fromTo(1, 12)]);
  expect(rows.toSorted((a, b) => a - b)).toEqual(fromTo(1, 30));
});

test('what is in memory is not read, and what is older joins without a seam', async () => {
  await write(20);
  const { rows, recent, offsets } = start();
  for (const entry of (await journal.after(3, 12, { entries: 100, bytes: 1e6 })).slice(0, 5)) recent.add(entry);
  expect(await offsets(12, 17)).toEqual(fromTo(13, 17));
  expect(rows).toEqual([]);
  expect(await offsets(4, 20)).toEqual(fromTo(5, 20));
  expect(rows).toEqual([...fromTo(5, 12), 18, 19, 20]);
});

test('[S9] what is no longer in the journal is told, and asked for only once', async () => {
  await write(9);
  await started.database.pool.query('DELETE FROM journal WHERE "offset" <= 4');
  const backfill = start();
  expect(await backfill.offsets(3, 9)).toBeUndefined();
  expect(await backfill.offsets(3, 9)).toBeUndefined();
  expect(await backfill.offsets(1, 9)).toBeUndefined();
  expect(backfill.asked).toBe(1);
  expect(await backfill.offsets(4, 9)).toEqual(fromTo(5, 9));
  await started.database.pool.query('DELETE FROM journal');
  expect(await start().offsets(4, 9)).toBeUndefined();
});

test('more bytes than a reader may have are not read to their end', async () => {
  await write(30, 1_000);
  const { rows, offsets } = start({ readBytes: 1_000 });
  expect(await offsets(0, 30, 4_500)).toBeUndefined();
  expect(rows).toEqual(fromTo(1, 5));
  expect(await offsets(26, 30, 4_500)).toEqual(fromTo(27, 30));
});

test('a read that fails is not kept: the next one tries again', async () => {
  await write(3);
  const backfill = start();
  backfill.goAway(true);
  const failed = await Promise.allSettled([backfill.offsets(0, 3), backfill.offsets(1, 3)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(backfill.asked).toBe(1);
  backfill.goAway(false);
  expect(await backfill.offsets(0, 3)).toEqual([1, 2, 3]);
});

test('it keeps so many bytes and no more, and nothing once the journal is another one', async () => {
  await write(20, 1_000);
  const { rows, backfill, offsets } = start({ readEntries: 5, maxBytes: 10_000 });
  await offsets(0, 10);
  await offsets(0, 10);
  expect(rows).toHaveLength(10);
  await offsets(10, 15);
  await offsets(5, 15);
  expect(rows).toHaveLength(15);
  await offsets(0, 5);
  expect(rows).toHaveLength(20);
  backfill.clear();
  await offsets(10, 15);
  expect(rows).toHaveLength(25);
});
