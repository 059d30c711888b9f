import { expect, test } from 'vitest';
import { readColumns } from './columns.ts';
import { encodeColumns } from './columns.testing.ts';

const write = {
  stream: 'plant.temp',
  tags: { line: '3' },
  unit: 'celsius',
  times: [1_763_800_000_000, 1_763_800_000_001.5],
  values: [21.5, -0.1],
};

test('columns arrive as they were sent, each stream with its own count', () => {
  const { points, streams } = readColumns(encodeColumns([write, { stream: 'b', times: [1], values: [2] }]));
  expect(points).toBe(3);
  expect(streams).toMatchObject([
    { key: 'plant.temp{line="3"}', unit: 'celsius', kind: 'gauge' },
    { key: 'b', unit: null },
  ]);
  expect(streams.map(({ columns }) => [[...columns.times], [...columns.values]])).toEqual([
    [write.times, write.values],
    [[1], [2]],
  ]);
});

test.each<[string, Buffer, RegExp]>([
  ['nothing', Buffer.alloc(0), /ends before its header/],
  ['a header longer than the body', Buffer.of(255, 255, 255, 255), /ends before its header does/],
  ['a header that is no JSON', Buffer.of(1, 0, 0, 0, 123), /not JSON/],
  ['no streams', encodeColumns([]), /no list of streams/],
  ['a point too few', encodeColumns([write]).subarray(0, -16), /not as long/],
  ['a byte too many', Buffer.concat([encodeColumns([write]), Buffer.of(0)]), /not as long/],
  ['no points', encodeColumns([{ ...write, times: [], values: [] }]), /at least one/],
  ['a value that is none', encodeColumns([{ ...write, values: [1, Number.NaN] }]), /streams\.0: point 1: the value/],
  ['a time beyond the calendar', encodeColumns([{ ...write, times: [9e15, 1] }]), /point 0: the time/],
  ['a name with spaces', encodeColumns([{ ...write, stream: 'plant temp' }]), /streams\.0\.stream/],
])('%s is refused', (_, body, reason) => {
  expect(() => readColumns(body)).toThrow(reason);
});
