import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silent } from '../log.ts';
import { createCompactor } from './compactor.ts';
import { DAY, HOUR, MINUTE } from './downsample.ts';
import { createReader } from './reader.ts';
import { rollUp } from './rollup.ts';
import { columnsOf, compactAll, pointsOf, startStorage, type Points } from './storage.testing.ts';

let storage: Awaited<ReturnType<typeof startStorage>>;
beforeEach(async () => void (storage = await startStorage()));
afterEach(() => storage.stop());

const START = Date.UTC(2026, 9, 31, 22);
const newStream = () => storage.newStream();
const write = (stream: number, points: Points) => storage.write(stream, columnsOf(points));
const chunks = () => storage.chunks();

/** Around two UTC days and two months: the interesting places are the borders. */
const anyTime = fc.oneof(
  fc.integer({ min: 0, max: 200 }).map((i) => START + 2 * HOUR + (i - 100) * 10_000),
  fc.integer({ min: 0, max: 50 * 60 }).map((i) => START + i * MINUTE),
);
const anyWrite = fc.array(fc.tuple(anyTime, fc.integer({ min: -1_000, max: 1_000 })), { minLength: 1, maxLength: 40 });
const anyActions = fc.array(
  fc.oneof({ weight: 3, arbitrary: anyWrite }, { weight: 1, arbitrary: fc.constant('compact') }),
  {
    minLength: 1,
    maxLength: 12,
  },
);
const anyRange = fc.oneof(
  fc.tuple(anyTime, anyTime).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
  // With whole months, which are over, in it.
  fc.constantFrom(
    { from: Date.UTC(2026, 8, 30), to: START + 7 * DAY },
    { from: Date.UTC(2026, 9, 1), to: Date.UTC(2026, 10, 1) },
  ),
);
const anyInterval = fc.constantFrom(MINUTE, 5 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY);

test('whatever is written and compacted when, the answers are those of a plain list', async () => {
  const { compactor, months, history, summary } = storage.open({ chunkPoints: 12 });
  const withRecent = storage.open({ recent: storage.recent });
  await fc.assert(
    fc.asyncProperty(anyActions, anyRange, anyInterval, async (actions, { from, to }, intervalMs) => {
      const stream = await newStream();
      const newest = new Map<number, number>();
      for (const action of actions) {
        if (typeof action === 'string') {
          await compactAll(compactor);
          while (await months.step());
          continue;
        }
        await write(stream, action);
        for (const [time, value] of action) newest.set(time, value);
      }
      const expected = [...newest].filter(([time]) => time >= from && time <= to).sort(([a], [b]) => a - b);
      expect(pointsOf((await history([stream], from, to)).columns.get(stream)!)).toEqual(expected);
      expect(pointsOf((await withRecent.history([stream], from, to)).columns.get(stream)!)).toEqual(expected);
      const { rollups } = await summary([stream], { from, to, intervalMs });
      expect(rollups.get(stream)).toEqual(rollUp(columnsOf(expected), intervalMs));
    }),
    { numRuns: 150 },
  );
  await compactAll(compactor);
  const all = await chunks();
  for (const [i, { streamId, tMin, tMax, count }] of all.entries()) {
    const next = all[i + 1];
    expect(count).toBeLessThanOrEqual(12);
    expect(Math.floor(tMin / DAY)).toBe(Math.floor(tMax / DAY));
    if (next?.streamId === streamId) expect(next.tMin).toBeGreaterThan(tMax);
  }
});

test('more chunks and entries than are read at a time come back as they were written', async () => {
  const { compactor, history, summary } = storage.open({ chunkPoints: 3 });
  const streams = [await newStream(), await newStream(), await newStream()];
  const points: Points = Array.from({ length: 1_800 }, (_, i) => [START + i * 30_000, i]);
  for (const stream of streams) await write(stream, points);
  await compactAll(compactor);
  const [first] = streams;
  const late: Points = Array.from({ length: 510 }, (_, i) => [START + i * 30_000 + 1, -i]);
  for (const point of late) await write(first!, [point]);
  const [from, to] = [START, START + DAY];
  const all = [...points, ...late].sort(([a], [b]) => a - b);
  const { columns } = await history(streams, from, to);
  expect(streams.map((stream) => pointsOf(columns.get(stream)!))).toEqual([all, points, points]);
  // Most chunks lie across the border of a minute, and within an hour.
  for (const intervalMs of [MINUTE, HOUR]) {
    const { rollups } = await summary(streams, { from, to, intervalMs });
    expect(streams.map((stream) => rollups.get(stream))).toEqual(
      [all, points, points].map((each) => rollUp(columnsOf(each), intervalMs)),
    );
  }
});

test('points that come one by one become few chunks', async () => {
  const { compactor } = storage.open({ chunkPoints: 64 });
  const stream = await newStream();
  for (let i = 0; i < 200; i++) {
    await write(stream, [[START + i, i]]);
    await compactAll(compactor);
  }
  const counts = (await chunks()).map(({ count }) => count);
  expect(counts.reduce((sum, count) => sum + count)).toBe(200);
  expect(counts.length).toBeLessThan(12);
});

test('two that compact at the same time do not do it twice', async () => {
  const stream = await newStream();
  for (let i = 0; i < 50; i++) await write(stream, [[START + i, i]]);
  const steps = await Promise.all(
    [storage.open(), storage.open(), storage.open()].map(({ compactor }) => compactor.step()),
  );
  expect(steps.filter((step) => step !== undefined)).toHaveLength(1);
  expect((await chunks()).map(({ count }) => count)).toEqual([50]);
});

test('a step that fails at its end has changed nothing, and the next one does it all', async () => {
  const stream = await newStream();
  const { store, compactor, history } = storage.open();
  await write(stream, [[START, 1]]);
  await compactAll(compactor);
  await write(stream, [[START, 2]]);
  const dying = createCompactor(
    {
      store: {
        ...store,
        hold: (due, work) =>
          store.hold(due, async (held) => {
            await work(held);
            throw new Error('killed');
          }),
      },
      read: createReader({ log: silent }),
    },
    { ageMs: -1 },
  );
  await expect(dying.step()).rejects.toThrow('killed');
  expect((await chunks()).map(({ first }) => first)).toEqual([1]);
  const answer = async () => pointsOf((await history([stream], START, START)).columns.get(stream)!);
  expect(await answer()).toEqual([[START, 2]]);
  await compactAll(compactor);
  expect((await chunks()).map(({ first }) => first)).toEqual([2]);
  expect(await answer()).toEqual([[START, 2]]);
});

test('a chunk whose bytes were changed is told of once and left out; all else is answered and compacted', async () => {
  const stream = await newStream();
  const error = vi.fn();
  const { compactor, history, summary } = storage.open({ chunkPoints: 4, log: { ...silent, error } });
  await write(
    stream,
    Array.from({ length: 8 }, (_, i) => [START + i, i]),
  );
  await compactAll(compactor);
  await storage.pool.query(
    'UPDATE chunk SET payload = set_byte(payload, 9, get_byte(payload, 9) # 1) WHERE t_min = $1',
    [START],
  );
  const answer = async () => pointsOf((await history([stream], START, START + 9)).columns.get(stream)!);
  const rest: Points = [4, 5, 6, 7].map((i) => [START + i, i]);
  expect(await answer()).toEqual(rest);
  await write(stream, [[START + 1, 10]]);
  expect(await answer()).toEqual([[START + 1, 10], ...rest]);
  await compactAll(compactor);
  expect(await answer()).toEqual([[START + 1, 10], ...rest]);
  const range = { from: START + 1, to: START + 9, intervalMs: MINUTE };
  expect((await summary([stream], range)).rollups.get(stream)!.count).toEqual(Float64Array.of(5));
  expect(error).toHaveBeenCalledTimes(1);
  expect(error.mock.calls[0]![0]).toMatch(/^chunk \d+ of stream \d+ cannot be read/);
});

test('points of another century are kept as well', async () => {
  const stream = await newStream();
  const { compactor, history } = storage.open();
  const points: Points = [
    [-8.64e15, 1],
    [0, 2],
    [Date.now(), 3],
    [8.64e15, 4],
  ];
  await write(stream, points);
  await compactAll(compactor);
  expect(await chunks()).toHaveLength(4);
  expect(pointsOf((await history([stream], -8.64e15, 8.64e15)).columns.get(stream)!)).toEqual(points);
});

test('a month that gets its partition late takes over what waited elsewhere', async () => {
  const { store } = storage.open();
  const stream = await newStream();
  await storage.pool.query(
    `INSERT INTO chunk (organization_id, stream_id, t_min, t_max, count, min, max, first, last, sum, payload)
     VALUES ($1, $2, $3, $3, 1, 0, 0, 0, 0, 0, '')`,
    [storage.organizationId, stream, Date.UTC(2031, 0, 31)],
  );
  await Promise.all([store.makeMonth('2031-01-01'), store.makeMonth('2031-01-01')]);
  const { rows } = await storage.pool.query('SELECT tableoid::regclass::text AS place FROM chunk');
  expect(rows).toEqual([{ place: 'chunk_2031_01' }]);
});

test('the journal keeps what is not compacted, and what is young', async () => {
  const { store, compactor } = storage.open();
  const [a, b] = [await newStream(), await newStream()];
  const entries = () => storage.prisma.journal.count();
  await write(a, [[START, 1]]);
  await compactAll(compactor);
  await write(b, [[START, 1]]);
  await store.trimJournal(HOUR);
  expect(await entries()).toBe(2);
  await store.trimJournal(0);
  expect(await entries()).toBe(1);
  expect(await store.lag()).toBeGreaterThan(0);
  await compactAll(compactor);
  expect(await store.lag()).toBe(0);
});

test('a stream that is kept for a day loses what is older, another one does not', async () => {
  const { store, compactor } = storage.open();
  const [kept, short] = [await newStream(), await newStream()];
  await storage.prisma.stream.update({ where: { id: short }, data: { retentionMs: DAY } });
  const old = Date.now() - 3 * DAY;
  for (const stream of [kept, short]) {
    await write(stream, [
      [old, 1],
      [Date.now(), 2],
    ]);
  }
  await compactAll(compactor);
  await store.expireChunks();
  const counts = (id: number) => storage.prisma.chunk.count({ where: { streamId: id } });
  expect([await counts(kept), await counts(short)]).toEqual([2, 1]);
});
