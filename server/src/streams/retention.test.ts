import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silent } from '../log.ts';
import { startCompaction } from './compaction.loop.ts';
import { DAY, HOUR, MINUTE } from './downsample.ts';
import { keepTo } from './retention.ts';
import { rollUp } from './rollup.ts';
import { columnsOf, compactAll, pointsOf, startStorage, type Points } from './storage.testing.ts';

let storage: Awaited<ReturnType<typeof startStorage>>;
beforeEach(async () => void (storage = await startStorage()));
afterEach(async () => {
  vi.useRealTimers();
  await storage.stop();
});

const write = (stream: number, points: Points) => storage.write(stream, columnsOf(points));
const keep = (id: number, retentionMs: number | null) =>
  storage.prisma.stream.update({ where: { id }, data: { retentionMs } });

async function newStream(retentionMs: number | null): Promise<number> {
  const id = await storage.newStream();
  await keep(id, retentionMs);
  return id;
}

/** The months that have a partition, oldest first. */
async function months(): Promise<string[]> {
  const { rows } = await storage.pool.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'chunk'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

test('points that are older than their stream is kept are not answered, before and after compaction', async () => {
  const now = Date.UTC(2026, 10, 20, 10, 7, 13);
  // The database keeps its own clock: nothing is cleaned up here.
  vi.useFakeTimers({ now, toFake: ['Date'] });
  const { compactor, ...history } = storage.open({ chunkPoints: 16 });
  const retentions = new Map<number, number | null>();
  for (const retention of [null, 90 * MINUTE, 3 * HOUR, 2 * DAY]) retentions.set(await storage.newStream(), retention);
  const kept = keepTo(history, (id) => retentions.get(id)!);
  const ids = [...retentions.keys()];
  const times = Array.from({ length: 300 }, (_, i) => now - i * 13 * MINUTE - 500);
  for (const id of ids) {
    await write(
      id,
      times.map((time, i) => [time, i]),
    );
  }

  const anyAgo = fc.integer({ min: 0, max: 3 * DAY });
  const check = () =>
    fc.assert(
      fc.asyncProperty(anyAgo, anyAgo, fc.constantFrom(MINUTE, HOUR, DAY), async (a, b, intervalMs) => {
        const [from, to] = [now - Math.max(a, b), now - Math.min(a, b)];
        const { columns } = await kept.history(ids, from, to);
        const { rollups } = await kept.summary(ids, { from, to, intervalMs });
        for (const [id, retention] of retentions) {
          const expected = times
            .map((time, i): [number, number] => [time, i])
            .filter(([time]) => time >= Math.max(from, now - (retention ?? Infinity)) && time <= to)
            .reverse();
          expect(pointsOf(columns.get(id)!)).toEqual(expected);
          expect(rollups.get(id)).toEqual(rollUp(columnsOf(expected), intervalMs));
        }
      }),
      { numRuns: 40 },
    );
  await check();
  await compactAll(compactor);
  await check();
});

test('a question about no stream at all has an answer', async () => {
  const kept = keepTo(storage.open(), () => HOUR);
  expect((await kept.history([], 0, 1)).columns.size).toBe(0);
  expect((await kept.summary([], { from: 0, to: 1, intervalMs: MINUTE })).rollups.size).toBe(0);
});

test('a month of which everything is expired is dropped, one that somebody needs is not', async () => {
  const { store, compactor } = storage.open();
  const [short, forever] = [await newStream(DAY), await newStream(null)];
  const [january, february] = [Date.UTC(2025, 0, 15), Date.UTC(2025, 1, 15)];
  await write(short, [
    [january, 1],
    [february, 1],
    [Date.now(), 1],
  ]);
  await write(forever, [[february, 1]]);
  await compactAll(compactor);
  await compactor.makeMonthsAhead();
  const before = await months();
  expect(before).toContain('chunk_2025_01');

  expect(await store.dropMonth()).toEqual({ more: true });
  expect(await store.dropMonth()).toEqual({ more: false });
  // Nor does anything go on to speak of it.
  expect((await storage.prisma.monthRollup.findMany()).map(({ month }) => month)).not.toContain(Date.UTC(2025, 0, 1));
  expect(await months()).toEqual(before.filter((month) => month !== 'chunk_2025_01'));
  // Nothing was deleted: of February the expired part is another one's work.
  expect((await storage.chunks()).map(({ tMin }) => tMin)).toEqual([february, expect.any(Number), february]);

  await keep(forever, DAY);
  expect(await store.dropMonth()).toEqual({ more: true });
  expect(await months()).not.toContain('chunk_2025_02');
});

test('while everything is kept for ever, empty months stay', async () => {
  const { store } = storage.open();
  await storage.newStream();
  await store.makeMonth('2024-05-01');
  expect(await store.dropMonth()).toEqual({ more: false });
  await newStream(DAY);
  expect(await store.dropMonth()).toEqual({ more: true });
});

test('what comes late for a month that was dropped is kept, if its stream keeps it', async () => {
  const { store, compactor, history } = storage.open();
  const [short, forever] = [await newStream(DAY), await newStream(null)];
  const january = Date.UTC(2025, 0, 15);
  await write(short, [[january, 1]]);
  await compactAll(compactor);
  await store.dropMonth();
  await write(forever, [[january, 2]]);
  await compactAll(compactor);
  const answer = async () => pointsOf((await history([forever], january, january)).columns.get(forever)!);
  expect(await answer()).toEqual([[january, 2]]);
  // Another server, which does not know that there was such a month.
  await write(forever, [[january + 1, 3]]);
  await compactAll(storage.open().compactor);
  expect(await months()).toContain('chunk_2025_01');
  expect(await answer()).toEqual([[january, 2]]);
});

test('nobody waits for a month to be dropped: it is tried again once its readers are gone', async () => {
  const { store, compactor } = storage.open();
  await write(await newStream(DAY), [[Date.UTC(2025, 0, 15), 1]]);
  await compactAll(compactor);

  const reader = await storage.pool.connect();
  await reader.query('BEGIN');
  await reader.query('SELECT count(*) FROM chunk');
  const dropper = await storage.pool.connect();
  // Nothing else ends its waiting.
  await dropper.query('SET lock_timeout = 0; SET statement_timeout = 0');
  const dropping = dropper.query('SELECT drop_expired_chunk_partition() AS dropped');
  // Waits behind the drop, which waits for the reader.
  await storage.pool.query('SELECT count(*) FROM chunk');
  expect((await dropping).rows).toEqual([{ dropped: false }]);
  dropper.release(true);
  await reader.query('ROLLBACK');
  reader.release();
  expect(await store.dropMonth()).toEqual({ more: true });
});

test('two servers that drop at the same time drop each month once', async () => {
  const stores = [storage.open(), storage.open()].map(({ store }) => store);
  await newStream(DAY);
  for (let month = 1; month <= 6; month++) await stores[0]!.makeMonth(`2025-0${month}-01`);
  let dropped = 0;
  await Promise.all(
    stores.map(async (store) => {
      for (let tries = 0; tries < 20; tries++) if ((await store.dropMonth()).more) dropped++;
    }),
  );
  expect(dropped).toBe(6);
  expect(await months()).toEqual(['chunk_other']);
});

test('the clean-up in the background removes expired months and chunks', async () => {
  const { store, compactor, months: maker } = storage.open();
  const stream = await newStream(DAY);
  await write(stream, [
    [Date.UTC(2025, 0, 15), 1],
    [Date.now() - 2 * DAY, 2],
    [Date.now(), 3],
  ]);
  await compactAll(compactor);
  const stop = startCompaction({ compactor, months: maker, store, log: silent }, { everyMs: 5, cleanEveryMs: 5 });
  await vi.waitFor(async () => expect((await storage.chunks()).map(({ last }) => last)).toEqual([3]));
  await vi.waitFor(async () => expect(await months()).not.toContain('chunk_2025_01'));
  await stop();
});
