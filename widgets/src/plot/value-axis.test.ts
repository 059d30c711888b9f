import fc from 'fast-check';
import { expect, test } from 'vitest';
import { valueExtent, valueTicks } from './value-axis.ts';

const MiB = 1024 ** 2;

test('ends at round numbers', () => {
  expect(valueExtent([12.3, 97.8])).toEqual([0, 100]);
  expect(valueExtent([71.3, 77.8])).toEqual([71, 78]);
});

test('round is meant in the unit that is shown', () => {
  expect(valueExtent([110 * MiB, 490 * MiB], { unit: 'bytes' })).toEqual([0, 500 * MiB]);
  expect(valueTicks([0, 500 * MiB], { unit: 'bytes' }).map(({ label }) => label)).toEqual([
    '0 MiB',
    '100 MiB',
    '200 MiB',
    '300 MiB',
    '400 MiB',
    '500 MiB',
  ]);
});

test('areas stand on zero, lines only when that leaves them room', () => {
  expect(valueExtent([96, 99])[0]).toBeGreaterThan(90);
  expect(valueExtent([96, 99], { withZero: true })).toEqual([0, 100]);
});

test('one value alone gets air on both sides', () => {
  const [low, high] = valueExtent([5, 5]);
  expect(low).toBeLessThan(5);
  expect(high).toBeGreaterThan(5);
  expect(valueExtent([0, 0])).toEqual([-1, 1]);
});

test('fixed ends stay where they are', () => {
  expect(valueExtent([3, 250], { min: 0, max: 100 })).toEqual([0, 100]);
});

test('stays as it is while the values fit well, and follows when they do not', () => {
  const shown = valueExtent([12, 97]);
  expect(valueExtent([12, 72], { shown })).toEqual(shown);
  expect(valueExtent([12, 103], { shown })[1]).toBeGreaterThan(103);
  expect(valueExtent([12, 30], { shown })[1]).toBeLessThan(50);
});

test('all values are always inside, and there are never many more lines than asked for', () => {
  const number = fc.double({ min: -1e300, max: 1e300, noNaN: true });
  const unit = fc.constantFrom(null, 'bytes', 'ms', 'percent');
  fc.assert(
    fc.property(number, number, unit, fc.integer({ min: 2, max: 10 }), (a, b, unit, count) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const extent = valueExtent([low, high], { unit, count });
      const rounding = 1e-9 * (extent[1] - extent[0]);
      expect(extent[0]).toBeLessThanOrEqual(low + rounding);
      expect(extent[1]).toBeGreaterThanOrEqual(high - rounding);
      expect(valueTicks(extent, { unit, count }).length).toBeLessThanOrEqual(2 * count + 2);
    }),
  );
});
