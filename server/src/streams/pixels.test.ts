import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUR, MINUTE } from './downsample.ts';
import { readForWidth, type Drawable } from './pixels.ts';
import { compactAll, startStorage } from './storage.testing.ts';

const FROM = Date.UTC(2026, 0, 1);

let storage: Awaited<ReturnType<typeof startStorage>>;
beforeAll(async () => void (storage = await startStorage()));
afterAll(() => storage.stop());

/** A day at one point per `stepMs`, drawn from its first `hours`. */
async function draw({ stepMs, hours = 24, width = 1_000 }: { stepMs: number; hours?: number; width?: number }) {
  const { compactor, ...history } = storage.open();
  const stream = await storage.newStream();
  const times = Float64Array.from({ length: (24 * HOUR) / stepMs }, (_, i) => FROM + i * stepMs);
  await storage.write(stream, { times, values: times.map((_, i) => (i === 777 ? 9_999 : i % 10)) });
  await compactAll(compactor);
  const range = { from: FROM, to: FROM + hours * HOUR - 1, width };
  return (await readForWidth(history, [stream], range)).drawn.get(stream)!;
}

/** How many numbers the picture is made of, and the highest of them. */
function shapeOf(drawn: Drawable): [count: number, highest: number] {
  if (drawn.is === 'points') return [drawn.columns.times.length, Math.max(...drawn.columns.values)];
  return [drawn.rollup.t.length, Math.max(...drawn.rollup.max)];
}

test('many points become statistics, no more of them than pixels, with every extreme', async () => {
  const drawn = await draw({ stepMs: 1_000 });
  expect(drawn).toMatchObject({ is: 'rollup', intervalMs: 2 * MINUTE });
  expect(shapeOf(drawn)).toEqual([720, 9_999]);
});

test('points that are few enough come as they are, over whatever time', async () => {
  const drawn = await draw({ stepMs: MINUTE });
  expect(drawn.is).toBe('points');
  expect(shapeOf(drawn)).toEqual([1_440, 9_999]);
});

test('intervals of less than a minute lose no extreme either', async () => {
  const drawn = await draw({ stepMs: 1_000, hours: 5 });
  expect(drawn).toMatchObject({ is: 'rollup', intervalMs: 30_000 });
  expect(shapeOf(drawn)).toEqual([600, 9_999]);
});
