import fc from 'fast-check';
import { expect, test } from 'vitest';
import { intervalFor, thin } from './downsample.ts';

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
