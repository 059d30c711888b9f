import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunksToMerge, type Span } from './merge-plan.ts';

/** Chunks one after the other, of these counts; a chunk of n points is n ms long. */
function chunksOf(...counts: number[]): Span[] {
  let at = 0;
  return counts.map((count, id) => {
    const tMin = at;
    at += count + 1;
    return { id, tMin, tMax: tMin + count - 1, count };
  });
}
const ids = (spans: Span[]) => spans.map(({ id }) => id);

test('what is overlapped is always merged, however large', () => {
  expect(ids(chunksToMerge({ tMin: 5, tMax: 105, count: 2 }, chunksOf(100, 100, 100), 100))).toEqual([0, 1]);
});

test('neighbours are merged while they are not much larger and all fits', () => {
  const after = { tMin: 1_000, tMax: 1_009, count: 10 };
  expect(ids(chunksToMerge(after, chunksOf(500, 60, 20), 1_000))).toEqual([1, 2]);
  expect(ids(chunksToMerge(after, chunksOf(21), 1_000))).toEqual([]);
  expect(ids(chunksToMerge(after, chunksOf(20), 29))).toEqual([]);
  expect(ids(chunksToMerge({ ...after, tMin: -10, tMax: -1 }, chunksOf(20, 60), 1_000))).toEqual([0, 1]);
});

test('whatever the sizes of what comes, few chunks are left, and none is rewritten for a little', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 50, maxLength: 200 }), (counts) => {
      let chunks: Span[] = [];
      let [at, written, added] = [0, 0, 0];
      for (const [id, count] of counts.entries()) {
        const merged = chunksToMerge({ tMin: at, tMax: at + count - 1, count }, chunks, 1_000);
        const all = merged.reduce((sum, span) => sum + span.count, count);
        chunks = chunks.filter((chunk) => !merged.includes(chunk));
        chunks.push({ id, tMin: merged[0]?.tMin ?? at, tMax: at + count - 1, count: all });
        at += count;
        written += all;
        added += count;
      }
      expect(chunks.length).toBeLessThan(12 + added / 300);
      expect(written).toBeLessThan(12 * added);
    }),
  );
});
