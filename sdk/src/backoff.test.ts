import { expect, test } from 'vitest';
import { backoffDelay } from './backoff.ts';

const options = { minMs: 500, maxMs: 20_000 };

test('the longest wait doubles from attempt to attempt, up to a limit', () => {
  const longest = [0, 1, 2, 5, 30, 10_000].map((attempt) => backoffDelay(attempt, options, () => 1));
  expect(longest).toEqual([1_000, 2_000, 4_000, 20_000, 20_000, 20_000]);
});

test('the shortest wait is always possible, so that clients spread', () => {
  expect([0, 5].map((attempt) => backoffDelay(attempt, options, () => 0))).toEqual([500, 500]);
});
