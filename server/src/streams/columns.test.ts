import type { Columns } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clip, mergeColumns } from './columns.ts';

const columnsOf = (points: [number, number][]): Columns => ({
  times: Float64Array.from(points, ([time]) => time),
  values: Float64Array.from(points, ([, value]) => value),
});
const pointsOf = ({ times, values }: Columns) => [...times].map((time, i) => [time, values[i]]);

const anyPieces = fc.array(
  fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer()), { minLength: 1, maxLength: 12 }),
  { minLength: 1, maxLength: 8 },
);

test('whatever comes in which order, times ascend and the newest write of a time wins', () => {
  fc.assert(
    fc.property(anyPieces, (pieces) => {
      const expected = [...new Map(pieces.flat())].sort(([a], [b]) => a - b);
      expect(pointsOf(mergeColumns(pieces.map(columnsOf)))).toEqual(expected);
    }),
  );
});

test('no pieces make an empty series', () => {
  expect(pointsOf(mergeColumns([]))).toEqual([]);
});

test('a range includes both of its ends', () => {
  const series = columnsOf([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ]);
  expect(pointsOf(clip(series, 2, 3))).toEqual([
    [2, 2],
    [3, 3],
  ]);
  expect(pointsOf(clip(series, 5, 9))).toEqual([]);
  expect(pointsOf(clip(series, -9, 9))).toHaveLength(4);
});
