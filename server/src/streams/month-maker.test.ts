import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY, HOUR } from './downsample.ts';
import { rollUp } from './rollup.ts';
import { columnsOf, compactAll, startStorage, type Points } from './storage.testing.ts';

let storage: Awaited<ReturnType<typeof startStorage>>;
beforeEach(async () => void (storage = await startStorage()));
afterEach(() => storage.stop());

const [JAN, MAR] = [Date.UTC(2026, 0), Date.UTC(2026, 2)];
const YEAR = { from: Date.UTC(2025, 11, 20), to: Date.UTC(2026, 3, 10), intervalMs: 12 * HOUR };
const months = () => storage.prisma.monthRollup.findMany({ orderBy: [{ streamId: 'asc' }, { month: 'asc' }] });
const made = async () => (await months()).map(({ month, hours }) => [month, hours !== null]);

/** Every ten minutes of three months. */
const winter: Points = Array.from({ length: 90 * 144 }, (_, i) => [JAN + i * 600_000, i % 977]);

async function write(points: Points, stream: number) {
  const { compactor } = storage.open();
  await storage.write(stream, columnsOf(points));
  await compactAll(compactor);
}

async function makeAll(): Promise<void> {
  const { months: maker } = storage.open();
  while (await maker.step());
}

test('months that are over are put together, and say what their chunks say', async () => {
  const { summary } = storage.open();
  const stream = await storage.newStream();
  await write(winter, stream);
  const fromChunks = (await summary([stream], YEAR)).rollups.get(stream);
  await makeAll();
  expect(await made()).toEqual([JAN, Date.UTC(2026, 1), MAR].map((month) => [month, true]));
  expect((await summary([stream], YEAR)).rollups.get(stream)).toEqual(fromChunks);
  expect(fromChunks).toEqual(rollUp(columnsOf(winter), 12 * HOUR));
  // That it is they who say it: without chunks in the middle the answer stays the same.
  await storage.pool.query('DELETE FROM chunk WHERE t_min >= $1 AND t_min < $2', [JAN, MAR]);
  expect((await summary([stream], YEAR)).rollups.get(stream)).toEqual(fromChunks);
});

test('a point that comes late is seen at once, and its month is put together again', async () => {
  const { summary } = storage.open();
  const [stream, other] = [await storage.newStream(), await storage.newStream()];
  for (const each of [stream, other]) await write(winter, each);
  await makeAll();
  const late: Points = [[JAN + 40 * DAY + 1, 5_000]];
  const expected = [...winter, ...late].sort(([a], [b]) => a - b);
  const answers = async () => {
    const { rollups } = await summary([stream, other], YEAR);
    return [rollups.get(stream), rollups.get(other)];
  };
  const right = [expected, winter].map((points) => rollUp(columnsOf(points), 12 * HOUR));
  await storage.write(stream, columnsOf(late));
  expect(await answers()).toEqual(right);
  await compactAll(storage.open().compactor);
  expect((await made()).filter(([, isMade]) => !isMade)).toEqual([[Date.UTC(2026, 1), false]]);
  expect(await answers()).toEqual(right);
  await makeAll();
  expect((await made()).every(([, isMade]) => isMade)).toBe(true);
  expect(await answers()).toEqual(right);
});

test('a month that cannot be read is read from its chunks', async () => {
  const { summary } = storage.open();
  const stream = await storage.newStream();
  await write(winter, stream);
  await makeAll();
  await storage.pool.query("UPDATE month_rollup SET hours = set_byte(hours, 30, 0) || '\\x00' WHERE month = $1", [JAN]);
  expect((await summary([stream], YEAR)).rollups.get(stream)).toEqual(rollUp(columnsOf(winter), 12 * HOUR));
});

test('a month that is not over is left alone', async () => {
  const stream = await storage.newStream();
  await write([[Date.now() - 1_000, 1]], stream);
  await makeAll();
  expect((await made()).map(([, isMade]) => isMade)).toEqual([false]);
});

test('when chunks expire, their months are put together again, and forgotten when nothing is left', async () => {
  const { store } = storage.open();
  const stream = await storage.newStream();
  await write(winter, stream);
  await makeAll();
  const keep = (ms: number) => storage.prisma.stream.update({ where: { id: stream }, data: { retentionMs: ms } });
  await keep(Date.now() - MAR - DAY);
  while ((await store.expireChunks()).more);
  await makeAll();
  expect(await made()).toEqual([[MAR, true]]);
  await keep(1);
  while ((await store.expireChunks()).more);
  await makeAll();
  expect(await made()).toEqual([]);
});
