import fc from 'fast-check';
import { expect, test } from 'vitest';
import { intervalFor, rollUp, thin } from './downsample.ts';

const series = (values: number[], stepMs = 1_000) => ({
  times: Float64Array.from(values, (_, i) => i * stepMs),
  values: Float64Array.from(values),
});

const anyValues = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 400 });
const anyInterval = fc.constantFrom(1_000, 2_000, 5_000, 10_000, 60_000);

test('an interval is a round length, and no more of them than pixels', () => {
  expect(intervalFor(15 * 60_000, 900)).toBe(1_000);
  expect(intervalFor(24 * 3_600_000, 1_000)).toBe(2 * 60_000);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 45 }), fc.integer({ min: 1, max: 4_000 }), (range, width) => {
      expect(range / intervalFor(range, width)).toBeLessThanOrEqual(width);
    }),
  );
});

test('statistics say of every interval what its points say', () => {
  const rollup = rollUp(series([5, 1, 9, 4, 7]), 2_000);
  expect({ ...rollup, t: [...rollup.t] }).toEqual({
    t: [0, 2_000, 4_000],
    min: Float64Array.of(1, 4, 7),
    max: Float64Array.of(5, 9, 7),
    first: Float64Array.of(5, 9, 7),
    last: Float64Array.of(1, 4, 7),
    avg: Float64Array.of(3, 6.5, 7),
    count: Float64Array.of(2, 2, 1),
  });
});

test('statistics lose neither an extreme nor a point', () => {
  fc.assert(
    fc.property(anyValues, anyInterval, (values, interval) => {
      const { min, max, count } = rollUp(series(values), interval);
      expect(Math.min(...min)).toBe(Math.min(...values));
      expect(Math.max(...max)).toBe(Math.max(...values));
      expect(count.reduce((sum, each) => sum + each, 0)).toBe(values.length);
    }),
  );
});

test('an interval without points is left out: a gap stays a gap', () => {
  const gappy = { times: Float64Array.of(0, 10_000), values: Float64Array.of(1, 2) };
  expect([...rollUp(gappy, 1_000).t]).toEqual([0, 10_000]);
});

test('thinning keeps real points, every extreme, and at most four per interval', () => {
  fc.assert(
    fc.property(anyValues, anyInterval, (values, interval) => {
      const thinned = thin(series(values), interval);
      expect(Math.min(...thinned.values)).toBe(Math.min(...values));
      expect(Math.max(...thinned.values)).toBe(Math.max(...values));
      expect(thinned.values.at(-1)).toBe(values.at(-1));
      expect(thinned.times.length).toBeLessThanOrEqual(4 * Math.ceil(values.length / (interval / 1_000)));
      thinned.times.forEach((time, i) => expect(thinned.values[i]).toBe(values[time / 1_000]));
      expect([...thinned.times]).toEqual([...new Set(thinned.times)].sort((a, b) => a - b));
    }),
  );
});
