import { ByteWriter, decodeBlock, writeBlock } from '@quantumflux/sdk/protocol';
import { expect, test } from 'vitest';
import { createRecentEntries } from './recent-entries.ts';

/** An entry in which each of the streams has its own number as value, at the time of the offset. */
function entry(offset: number, streams: number[]) {
  const out = new ByteWriter();
  for (const id of streams) writeBlock(out, id, { times: Float64Array.of(offset), values: Float64Array.of(id) });
  return { partition: 1, offset, payload: out.toBytes() };
}

/** What is found of the streams, `stream@offset`; undefined when it is not all held. */
function find({ visit }: ReturnType<typeof createRecentEntries>, after: number, last: number, streams: number[]) {
  const found: string[] = [];
  const isHeld = visit({ partition: 1, after, last }, streams, (block) => {
    const { times, values } = decodeBlock(block);
    found.push(`${values[0]}@${times[0]}`);
    expect(block).toMatchObject({ stream: values[0], offset: times[0], partition: 1 });
  });
  return isHeld ? found : undefined;
}

test('of a thousand streams in every entry, those that are asked for are found, in the order of the offsets', () => {
  const recent = createRecentEntries();
  const thousand = Array.from({ length: 1_000 }, (_, i) => 7_000 - 3 * i);
  for (let offset = 5; offset < 9; offset++) recent.add(entry(offset, thousand));
  expect(find(recent, 4, 8, [4_003, 7_000, 4_004])).toEqual([5, 6, 7, 8].flatMap((at) => [`4003@${at}`, `7000@${at}`]));
  expect(find(recent, 6, 7, [4_003])).toEqual(['4003@7']);
});

test('what was not seen, or is held no longer, is not answered', () => {
  const recent = createRecentEntries();
  expect(find(recent, 0, 1, [1])).toBeUndefined();
  recent.add(entry(5, [1]));
  expect(find(recent, 3, 5, [1])).toBeUndefined();
  expect(find(recent, 4, 6, [1])).toBeUndefined();
  expect(find(recent, 4, 5, [1])).toEqual(['1@5']);
  // A hole: whatever was before it is of no use.
  recent.add(entry(9, [1]));
  expect(find(recent, 4, 9, [1])).toBeUndefined();
  expect(find(recent, 8, 9, [1])).toEqual(['1@9']);
  recent.clear();
  expect(find(recent, 8, 9, [1])).toBeUndefined();
});

test('it holds a number of bytes and no more', () => {
  const one = entry(100, [1]).payload.length;
  const recent = createRecentEntries(10 * one);
  for (let offset = 64; offset <= 100; offset++) recent.add(entry(offset, [1]));
  expect(find(recent, 89, 100, [1])).toBeUndefined();
  expect(find(recent, 90, 100, [1])).toHaveLength(10);
});

test('what is held after an offset is given as it came in, without a copy, as far as it reaches back', () => {
  const one = entry(100, [1]).payload.length;
  const recent = createRecentEntries(10 * one);
  expect(recent.since(1, 0)).toBeUndefined();
  expect(recent.reach(1)).toBeUndefined();
  const all = Array.from({ length: 37 }, (_, i) => entry(64 + i, [1]));
  for (const each of all) recent.add(each);
  expect(recent.since(2, 99)).toBeUndefined();
  expect(recent.since(1, 89)).toBeUndefined();
  const newest = recent.since(1, 97)!;
  expect(newest.map(({ offset }) => offset)).toEqual([98, 99, 100]);
  expect(newest[0]!.payload).toBe(all.at(-3)!.payload);
  expect(recent.since(1, 90)).toHaveLength(10);
  expect(recent.reach(1)).toBe(90);
  expect(recent.since(1, 100)).toEqual([]);
  // A reader may know of more than was seen here.
  expect(recent.since(1, 107)).toEqual([]);
});
