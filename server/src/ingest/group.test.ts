import { blocksOf, decodeBlock } from '@quantumflux/sdk/protocol';
import { expect, test } from 'vitest';
import { groupOf } from './group.ts';

const piece = (id: number, times: number[]) => ({
  id,
  partition: id % 8,
  columns: { times: Float64Array.from(times), values: Float64Array.from(times, (time) => time / 10) },
});

test('a group has one entry per partition and one block per stream, however many writes there were', () => {
  const group = groupOf([piece(1, [10, 20]), piece(9, [5]), piece(2, [7]), piece(1, [30, 15])]);
  expect(group.map(({ partition, tMin, tMax }) => ({ partition, tMin, tMax }))).toEqual([
    { partition: 1, tMin: 5, tMax: 30 },
    { partition: 2, tMin: 7, tMax: 7 },
  ]);
  const blocks = [...blocksOf(group[0]!.payload)];
  expect(blocks.map(({ stream }) => stream)).toEqual([1, 9]);
  // In the order in which they came, so that the newest of an equal time can win.
  expect([...decodeBlock(blocks[0]!).times]).toEqual([10, 20, 30, 15]);
});
