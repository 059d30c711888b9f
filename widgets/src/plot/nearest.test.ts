import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf } from './columns.ts';
import { nearest, neighbourTime } from './nearest.ts';

const at = (...times: number[]) => columnsOf(times.map((time) => [time, 0]));
const all = (times: number[]) => ({ start: 0, end: times.length });

test('finds the point nearest in time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1 }),
      fc.integer({ min: -50, max: 1_050 }),
      (times, time) => {
        const sorted = times.sort((a, b) => a - b);
        const found = sorted[nearest(at(...sorted), time, all(sorted))]!;
        expect(Math.abs(found - time)).toBe(Math.min(...sorted.map((each) => Math.abs(each - time))));
      },
    ),
  );
});

test('looks no further than its slice', () => {
  expect(nearest(at(10, 20, 30, 40), 12, { start: 1, end: 3 })).toBe(1);
  expect(nearest(at(10, 20, 30, 40), 39, { start: 1, end: 3 })).toBe(2);
});

test('there is none in an empty series', () => {
  expect(nearest(at(), 5, all([]))).toBe(-1);
});

test('steps through the points of all series, one moment at a time', () => {
  const all = [at(10, 30), at(20, 30, 40)];
  const forwards = [0, 10, 20, 30, 40].map((time) => neighbourTime(all, time, 1));
  expect(forwards).toEqual([10, 20, 30, 40, undefined]);
  const backwards = [50, 40, 30, 20, 10].map((time) => neighbourTime(all, time, -1));
  expect(backwards).toEqual([40, 30, 20, 10, undefined]);
});
