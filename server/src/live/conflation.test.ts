import { blocksOf, ByteWriter, decodeBlock, writeBlock, type Columns, type Point } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extremes, gatherExtremes } from './conflation.ts';

const INTERVAL_MS = 10;

const columnsOf = (points: readonly Point[]): Columns => ({
  times: Float64Array.from(points, ([time]) => time),
  values: Float64Array.from(points, ([, value]) => value),
});
const pointsOf = ({ times, values }: Columns): Point[] => [...times].map((time, i) => [time, values[i]!]);

/** As it should be: of each time the last, of each interval all values. */
function byInterval(points: readonly Point[]): Map<number, number[]> {
  const intervals = new Map<number, number[]>();
  for (const [time, value] of new Map(points)) {
    const interval = Math.floor(time / INTERVAL_MS);
    intervals.set(interval, [...(intervals.get(interval) ?? []), value]);
  }
  return intervals;
}

const point = fc.tuple(fc.integer({ min: -50, max: 100 }), fc.integer({ min: -20, max: 20 }));
const points = fc.array(point, { minLength: 1, maxLength: 100 });

function expectExtremes(kept: readonly Point[], all: readonly Point[]): void {
  const expected = byInterval(all);
  const found = byInterval(kept);
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [interval, values] of expected) {
    expect(Math.min(...found.get(interval)!)).toBe(Math.min(...values));
    expect(Math.max(...found.get(interval)!)).toBe(Math.max(...values));
  }
  // As they are, and none that was replaced.
  const latest = new Map(all);
  for (const [time, value] of kept) expect(latest.get(time)).toBe(value);
}

test('[S14] of each pixel column the lowest and the highest are left, and the newest of all, as they are, in order', () => {
  fc.assert(
    fc.property(points, (points) => {
      const kept = pointsOf(extremes(columnsOf(points), INTERVAL_MS));
      expectExtremes(kept, points);
      expect(kept.length).toBeLessThanOrEqual(2 * byInterval(points).size + 1);
      const newest = Math.max(...points.map(([time]) => time));
      expect(kept).toContainEqual([newest, new Map(points).get(newest)]);
      const times = kept.map(([time]) => time);
      // All of them stay as they came.
      if (kept.length === points.length) expect(kept).toEqual(points);
      else expect(times).toEqual(times.toSorted((a, b) => a - b));
    }),
    { numRuns: 2_000 },
  );
});

function blockOf(stream: number, points: readonly Point[]): Uint8Array {
  const out = new ByteWriter();
  writeBlock(out, stream, columnsOf(points));
  return out.toBytes();
}

/** Gathers each batch as an entry of partition 0. */
function gather(batches: readonly { stream: number; points: readonly Point[] }[], pad = 0) {
  const gathering = gatherExtremes(INTERVAL_MS);
  for (const [i, { stream, points }] of batches.entries()) {
    const block = blockOf(stream, points);
    const payload = new Uint8Array(pad + block.length);
    payload.set(block, pad);
    gathering.add({ partition: 0, offset: i + 1, stream, sent: 0, payload, start: pad, end: payload.length });
  }
  return gathering;
}

test('[S14] whatever comes in how many batches, no extreme is lost, and what is left out is counted', () => {
  const batch = fc.record({ stream: fc.integer({ min: 1, max: 3 }), points });
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1, maxLength: 8 }), fc.nat(5), (batches, pad) => {
      const { delivery, skipped, ranges } = gather(batches, pad).take();
      expect(ranges.map(({ after, last }) => [after, last])).toEqual([[0, batches.length]]);
      let count = 0;
      const kept = new Map<number, Point[]>();
      for (const block of blocksOf(ranges[0]!.entries[0]!.blocks)) {
        const points = pointsOf(decodeBlock(block));
        count += points.length;
        kept.set(block.stream, [...(kept.get(block.stream) ?? []), ...points]);
      }
      for (const stream of new Set(batches.map(({ stream }) => stream))) {
        const all = batches.filter((batch) => batch.stream === stream).flatMap(({ points }) => points);
        expectExtremes(kept.get(stream)!, all);
      }
      expect(skipped).toBe(batches.reduce((sum, { points }) => sum + points.length, 0) - count);
      expect(delivery).toBe(skipped > 0 ? 'conflated' : 'whole');
    }),
    { numRuns: 500 },
  );
});

test('[S14] where nothing had to be left out, the very bytes that came in go on', () => {
  const batches = [
    {
      stream: 1,
      points: [
        [1, 5],
        [2, 7],
      ] satisfies Point[],
    },
    { stream: 1, points: [[11, 5]] satisfies Point[] },
  ];
  const { delivery, ranges } = gather(batches).take();
  expect(delivery).toBe('whole');
  expect(Buffer.from(ranges[0]!.entries[0]!.blocks)).toEqual(
    Buffer.concat(batches.map(({ stream, points }) => blockOf(stream, points))),
  );
});

test('[S14] of a beat that is so slow that megabytes come in between, no extreme is lost', () => {
  const all: Point[] = Array.from({ length: 40_000 }, (_, i) => [i / 1_000, Math.sin(i) * i]);
  const batches = Array.from({ length: 40 }, (_, i) => ({ stream: 1, points: all.slice(1_000 * i, 1_000 * (i + 1)) }));
  const { ranges, skipped } = gather(batches).take();
  const [block] = blocksOf(ranges[0]!.entries[0]!.blocks);
  const kept = pointsOf(decodeBlock(block!));
  expectExtremes(kept, all);
  expect(kept.at(-1)).toEqual(all.at(-1));
  expect(kept.length).toBe(9);
  expect(skipped).toBe(40_000 - 9);
});
