import { ByteWriter, decodeBlock, blocksOf, writeBlock } from '@quantumflux/sdk/protocol';
import { expect, test } from 'vitest';
import { picked } from './picked.ts';

/** One point of each stream, its value the offset. */
function entry(offset: number, streams: number[]) {
  const out = new ByteWriter();
  for (const id of streams) writeBlock(out, id, { times: Float64Array.of(offset), values: Float64Array.of(offset) });
  return { offset, payload: out.toBytes() };
}

test('[S6] what was missed keeps its offsets, so that a reader who came further meanwhile takes only the rest', async () => {
  const found = await picked([entry(5, [1, 2]), entry(6, [3]), entry(7, [2, 1])], new Set([1, 2]));
  const points = found.map(({ offset, blocks }) => [
    offset,
    [...blocksOf(blocks)].map((block) => [block.stream, ...decodeBlock(block).values]),
  ]);
  expect(points).toEqual([
    [
      5,
      [
        [1, 5],
        [2, 5],
      ],
    ],
    [
      7,
      [
        [2, 7],
        [1, 7],
      ],
    ],
  ]);
});
