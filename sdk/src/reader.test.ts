import { describe, expect, test } from 'vitest';
import type { Message } from './message.ts';
import { ByteWriter, encodeFrame, writeBlock, type Delivery, type Position } from './protocol/index.ts';
import { Reader } from './reader.ts';

const stream = { id: 7, stream: 'cpu', tags: {}, unit: null, kind: 'gauge' as const };
const at = (...offsets: Position['offsets']): Position => ({ epoch: 1, offsets });

/** Blocks of stream 7, one point per value; the value is also the time. */
function blocks(...values: number[]): Uint8Array {
  const out = new ByteWriter();
  if (values.length > 0) writeBlock(out, 7, { times: Float64Array.from(values), values: Float64Array.from(values) });
  return out.toBytes();
}

/** A section of partition 0 with one entry for each value, at the offset of that number. */
function section(
  [after, last]: [after: number, last: number],
  values: number[],
  { delivery = 'whole', skipped = 0 }: { delivery?: Delivery; skipped?: number } = {},
): Message {
  const entries = values.map((value) => ({ offset: value, blocks: blocks(value) }));
  return { is: 'section', epoch: 1, channel: 1, delivery, skipped, ranges: [{ partition: 0, after, last, entries }] };
}

function readerAt(offset: number): Reader {
  const reader = new Reader(100);
  const head = { channel: 1, now: 0, streams: [stream], position: at([0, offset]) };
  reader.accept({ is: 'history', ...head, intervalMs: null, blocks: blocks() });
  return reader;
}

const values = (reader: Reader) => [...reader.series[0]!.values];

describe('[S15] points that were left out', () => {
  test('are told once, with the newer points', () => {
    const reader = readerAt(0);
    expect(reader.receive(section([0, 9], [9], { delivery: 'coalesced', skipped: 8 }))).toBe('changed');
    expect(values(reader)).toEqual([9]);
    expect([reader.takeSkipped(), reader.takeSkipped()]).toEqual([8, 0]);
    reader.receive(section([9, 12], [12], { delivery: 'coalesced', skipped: 2 }));
    reader.receive(section([12, 15], [15], { delivery: 'coalesced', skipped: 2 }));
    expect(reader.takeSkipped()).toBe(4);
  });

  test('are not told of a section that is dropped, or that comes after a gap', () => {
    const reader = readerAt(9);
    expect(reader.receive(section([0, 9], [9], { delivery: 'coalesced', skipped: 8 }))).toBe('unchanged');
    expect(reader.receive(section([10, 12], [12], { delivery: 'coalesced', skipped: 1 }))).toBe('behind');
    expect(reader.takeSkipped()).toBe(0);
  });

  test('[S14] are not those that were to be left out', () => {
    const reader = readerAt(0);
    reader.receive(section([0, 9], [3, 9], { delivery: 'conflated', skipped: 7 }));
    expect(reader.takeSkipped()).toBe(0);
    expect(values(reader)).toEqual([3, 9]);
  });

  test('are told of what was resumed as well', () => {
    const reader = readerAt(0);
    const sent = section([0, 9], [9], { delivery: 'coalesced', skipped: 8 });
    const frame = encodeFrame({ epoch: 1, sections: sent.is === 'section' ? [sent] : [] });
    reader.accept({ is: 'resumed', channel: 1, now: 0, streams: [stream], position: at([0, 9]), frame });
    expect(reader.takeSkipped()).toBe(8);
  });
});

test('[S14] how new points are thinned is what the newest reply says', () => {
  const reader = readerAt(0);
  expect(reader.conflation).toBe(null);
  const head = { channel: 1, now: 0, streams: [stream], position: at([0, 1]) };
  const conflation = { intervalMs: 1_000, maxHz: 10 };
  reader.accept({ is: 'history', ...head, intervalMs: null, blocks: blocks(), conflation });
  expect(reader.conflation).toEqual(conflation);
});

describe('[S6] a reply that is older than what came meanwhile', () => {
  test('does not take the reader back', () => {
    const reader = readerAt(0);
    reader.receive(section([0, 3], [1, 2, 3]));
    const sent = section([0, 2], [1, 2]);
    const frame = encodeFrame({ epoch: 1, sections: sent.is === 'section' ? [sent] : [] });
    reader.accept({ is: 'resumed', channel: 1, now: 0, streams: [stream], position: at([0, 2], [1, 5]), frame });
    expect(new Map(reader.position!.offsets)).toEqual(
      new Map([
        [0, 3],
        [1, 5],
      ]),
    );
    expect(reader.receive(section([2, 4], [3, 4]))).toBe('changed');
    expect(values(reader)).toEqual([1, 2, 3, 4]);
  });
});
