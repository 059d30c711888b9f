import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exponentialBuckets, quantileOf } from './histogram.ts';

test('values are evenly spread in their bucket', () => {
  const buckets = { bounds: [10, 20], counts: [2, 2, 0] };
  expect([0.25, 0.5, 0.75, 1].map((share) => quantileOf(share, buckets))).toEqual([5, 10, 15, 20]);
});

test('the outermost buckets end at the smallest and the largest value, if these are known', () => {
  expect(quantileOf(0.99, { bounds: [10], counts: [0, 4] })).toBe(10);
  expect(quantileOf(1, { bounds: [10], counts: [0, 4], min: 12, max: 30 })).toBe(30);
});

test('there is no quantile of nothing', () => {
  expect(quantileOf(0.5, { bounds: [10], counts: [0, 0] })).toBeUndefined();
  expect(quantileOf(0.5, { bounds: [], counts: [] })).toBeUndefined();
  expect(quantileOf(0.5, { bounds: [10], counts: [1] })).toBeUndefined();
});

test('a bucket of powers holds what lies between its powers', () => {
  expect(quantileOf(0.5, exponentialBuckets(0, 1, [2], 0))).toBe(3);
  expect(quantileOf(0.5, exponentialBuckets(1, 0, [1], 3))).toBe(0);
});

test('a larger share is never at a smaller value', () => {
  const counts = fc.array(fc.nat(100), { minLength: 4, maxLength: 4 }).filter((all) => all.some((count) => count > 0));
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(counts, share, share, (counts, a, b) => {
      const at = (share: number) => quantileOf(share, { bounds: [1, 2, 5], counts })!;
      expect(at(Math.min(a, b))).toBeLessThanOrEqual(at(Math.max(a, b)) + 1e-9);
    }),
  );
});
