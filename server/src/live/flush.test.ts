import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { createBeats, createFlushClock, waitFor } from './flush.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

test('frames do not wait while the loop is less than half busy, and 16 to 50 ms as it fills', () => {
  expect([0, 0.25, 0.5].map(waitFor)).toEqual([0, 0, 0]);
  expect(waitFor(0.75)).toBeCloseTo(16, 0);
  expect(waitFor(1)).toBe(50);
});

test('the busier, the longer they wait, without a jump', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(share, share, (a, b) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      expect(waitFor(less)).toBeLessThanOrEqual(waitFor(more));
      expect(waitFor(more) - waitFor(less)).toBeLessThanOrEqual(200 * (more - less));
    }),
  );
});

test('what is asked for many times in a turn of the loop is done once, in the next', async () => {
  let count = 0;
  const clock = createFlushClock(() => count++);
  stops.push(clock.stop);
  for (let i = 0; i < 10; i++) clock.request();
  expect(count).toBe(0);
  await vi.waitFor(() => expect(count).toBe(1));
  clock.request();
  await vi.waitFor(() => expect(count).toBe(2));
});

test('when the loop has no time to spare, flushes are apart', async () => {
  const times: number[] = [];
  const clock = createFlushClock(() => times.push(performance.now()));
  stops.push(clock.stop);
  const end = performance.now() + 1_000;
  // Work that never lets the loop rest.
  while (performance.now() < end) {
    const until = performance.now() + 2;
    while (performance.now() < until);
    clock.request();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const late = times.filter((time) => time > end - 400);
  const gaps = late.slice(1).map((time, i) => time - late[i]!);
  expect(gaps.length).toBeGreaterThan(1);
  expect(Math.min(...gaps)).toBeGreaterThan(20);
});

test('[S14] all who asked for the same rate have the same beat, and no more of them than asked for', async () => {
  const beats: { at: number; items: string[] }[] = [];
  const { add, stop } = createBeats<string>((items) => beats.push({ at: performance.now(), items }));
  stops.push(stop);
  const start = performance.now();
  while (performance.now() < start + 300) {
    add('a', 20);
    add('b', 20);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(beats.length).toBeLessThanOrEqual(7);
  expect(beats.length).toBeGreaterThan(1);
  for (const { items } of beats) expect(new Set(items)).toEqual(new Set(['a', 'b']));
});

test('[S14] what comes after a pause does not wait', async () => {
  const beats: { at: number; items: string[] }[] = [];
  const { add, stop } = createBeats<string>((items) => beats.push({ at: performance.now(), items }));
  stops.push(stop);
  add('first', 0.5);
  await vi.waitFor(() => expect(beats).toHaveLength(1));
  add('second', 0.5);
  await vi.waitFor(() => expect(beats).toHaveLength(2), { timeout: 5_000 });
  expect(beats.map(({ items }) => items)).toEqual([['first'], ['second']]);
  expect(beats[1]!.at - beats[0]!.at).toBeGreaterThan(1_990);
});
