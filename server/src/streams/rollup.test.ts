import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coarsen, packRollup, rollUp, unpackRollup } from './rollup.ts';

const series = (values: number[], stepMs = 1_000) => ({
  times: Float64Array.from(values, (_, i) => i * stepMs),
  values: Float64Array.from(values),
});

const anyValues = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 400 });
const anyInterval = fc.constantFrom(1_000, 2_000, 5_000, 10_000, 60_000);

test('statistics say of every interval what its points say', () => {
  const rollup = rollUp(series([5, 1, 9, 4, 7]), 2_000);
  expect(rollup).toEqual({
    t: Float64Array.of(0, 2_000, 4_000),
    min: Float64Array.of(1, 4, 7),
    max: Float64Array.of(5, 9, 7),
    first: Float64Array.of(5, 9, 7),
    last: Float64Array.of(1, 4, 7),
    sum: Float64Array.of(6, 13, 7),
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

test('pieces that follow each other say together what the whole says', () => {
  fc.assert(
    fc.property(anyValues, fc.nat(400), fc.constantFrom(1, 2, 5), (values, cut, factor) => {
      const { times } = series(values);
      const whole = { times, values: Float64Array.from(values, Math.trunc) };
      const piece = (from: number, to?: number) =>
        rollUp({ times: whole.times.subarray(from, to), values: whole.values.subarray(from, to) }, 2_000);
      expect(coarsen([piece(0, cut), piece(cut)], 2_000 * factor)).toEqual(rollUp(whole, 2_000 * factor));
    }),
  );
});

test('what is packed comes back as it was', () => {
  fc.assert(
    fc.property(anyValues, anyInterval, (values, interval) => {
      const rollup = rollUp(series(values), interval);
      expect(unpackRollup(packRollup(rollup, interval), interval)).toEqual(rollup);
    }),
  );
});
