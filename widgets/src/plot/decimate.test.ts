import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf } from './columns.ts';
import { decimate, nothingKept } from './decimate.ts';

/** What is kept of all points at 100 ms per pixel. */
function keptOf(points: [number, number][], kept = nothingKept()): number[] {
  decimate(columnsOf(points), { start: 0, end: points.length }, 100, kept);
  return [...kept.indices.subarray(0, kept.count)];
}

const anyPoints = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.double({ min: -1e6, max: 1e6, noNaN: true })), {
    minLength: 1,
    maxLength: 400,
  })
  .map((points) => points.sort(([a], [b]) => a - b));

test('keeps first, lowest, highest and last of each pixel, in order', () => {
  expect(
    keptOf([
      [0, 5],
      [10, 1],
      [20, 9],
      [30, 5],
      [99, 6],
      [100, 2],
      [110, 2],
      [120, 2],
    ]),
  ).toEqual([0, 1, 2, 4, 5, 7]);
});

test('keeps everything when there are no more points than pixels', () => {
  expect(
    keptOf([
      [0, 5],
      [100, 5],
      [200, 5],
      [300, 5],
    ]),
  ).toEqual([0, 1, 2, 3]);
});

test('nothing is kept of nothing', () => {
  expect(keptOf([])).toEqual([]);
});

test('never loses an extreme, the first or the last point', () => {
  fc.assert(
    fc.property(anyPoints, (points) => {
      const kept = keptOf(points).map((i) => points[i]!);
      const values = (all: [number, number][]) => all.map(([, value]) => value);
      expect(Math.min(...values(kept))).toBe(Math.min(...values(points)));
      expect(Math.max(...values(kept))).toBe(Math.max(...values(points)));
      expect(kept[0]).toBe(points[0]);
      expect(kept.at(-1)).toBe(points.at(-1));
    }),
  );
});

test('keeps at most four points per pixel, each once, in order', () => {
  fc.assert(
    fc.property(anyPoints, (points) => {
      const kept = keptOf(points);
      expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
      const pixels = new Map<number, number>();
      for (const i of kept) {
        const pixel = Math.floor(points[i]![0] / 100);
        pixels.set(pixel, (pixels.get(pixel) ?? 0) + 1);
      }
      const mean = points.length / (1 + (points.at(-1)![0] - points[0]![0]) / 100);
      if (mean > 2) expect(Math.max(...pixels.values())).toBeLessThanOrEqual(4);
    }),
  );
});

test('a point keeps its pixel while the window moves', () => {
  const points = Array.from({ length: 4_000 }, (_, i): [number, number] => [i * 7, Math.sin(i / 3)]);
  const columns = columnsOf(points);
  const inside = (start: number) => {
    const kept = nothingKept();
    decimate(columns, { start, end: start + 2_000 }, 100, kept);
    return new Set(kept.indices.subarray(0, kept.count));
  };
  const [before, after] = [inside(0), inside(150)];
  // Only the columns at the two edges, which are cut, may differ.
  const moved = [...before].filter((i) => i > 165 && i < 1_985 && !after.has(i));
  expect(moved).toEqual([]);
});

test('the room for indices is used again', () => {
  const kept = nothingKept();
  keptOf(
    [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
    kept,
  );
  const { indices } = kept;
  keptOf(
    [
      [0, 3],
      [1, 1],
    ],
    kept,
  );
  expect(kept.indices).toBe(indices);
});
