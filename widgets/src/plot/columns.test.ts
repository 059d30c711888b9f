import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf, within, withNeighbours } from './columns.ts';

test('a window holds the points between its ends, and both ends', () => {
  const columns = columnsOf([
    [10, 0],
    [20, 0],
    [30, 0],
    [40, 0],
  ]);
  expect(within(columns, 20, 30)).toEqual({ start: 1, end: 3 });
  expect(within(columns, 50, 60)).toEqual({ start: 4, end: 4 });
});

test('its neighbours are one point on each side, where there is one', () => {
  const columns = columnsOf([
    [10, 0],
    [20, 0],
    [30, 0],
    [40, 0],
  ]);
  expect(withNeighbours({ start: 1, end: 3 }, columns)).toEqual({ start: 0, end: 4 });
  expect(withNeighbours({ start: 0, end: 4 }, columns)).toEqual({ start: 0, end: 4 });
});

test('what lies behind the length does not count', () => {
  const columns = { times: Float64Array.of(10, 20, 0, 0), values: new Float64Array(4), length: 2 };
  expect(within(columns, 0, 100)).toEqual({ start: 0, end: 2 });
});

test('finds the same as looking at every point', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.nat(50), fc.nat(50), (times, a, b) => {
      const sorted = times.sort((x, y) => x - y);
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const { start, end } = within(columnsOf(sorted.map((time) => [time, 0])), from, to);
      expect(sorted.slice(start, end)).toEqual(sorted.filter((time) => time >= from && time <= to));
    }),
  );
});
