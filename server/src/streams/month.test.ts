import { expect, test } from 'vitest';
import { firstOpenMonth, isOver, lastBefore, longestRun, monthAfter, monthOf, monthsWithin } from './month.ts';

const [sep, oct, nov, dec] = [8, 9, 10, 11].map((month) => Date.UTC(2026, month)) as [number, number, number, number];

test('a time lies in the UTC month that began before it', () => {
  expect(monthOf(oct)).toBe(oct);
  expect(monthOf(nov - 0.001)).toBe(oct);
  expect(monthAfter(dec)).toBe(Date.UTC(2027, 0));
});

test('times that no calendar is used for are in no month', () => {
  for (const time of [-1, -8.64e15, Date.UTC(2200, 0), 8.64e15]) expect(monthOf(time)).toBeUndefined();
});

test('only months that lie wholly within a range are within', () => {
  expect(monthsWithin(oct, dec)).toEqual([oct, nov]);
  expect(monthsWithin(oct + 1, dec)).toEqual([nov]);
  expect(monthsWithin(oct + 1, dec - 1)).toEqual([]);
  expect(monthsWithin(-8.64e15, Date.UTC(1970, 2))).toEqual([0, Date.UTC(1970, 1)]);
  expect(monthsWithin(0, 8.64e15)).toHaveLength(230 * 12);
  expect(monthsWithin(8e15, 8.64e15)).toEqual([]);
});

test('of the months in a row, the longest row is taken', () => {
  expect(longestRun([sep, oct, nov], new Set())).toEqual({ start: sep, end: dec });
  expect(longestRun([sep, oct, nov], new Set([sep]))).toEqual({ start: oct, end: dec });
  expect(longestRun([sep, oct, nov], new Set([oct]))).toEqual({ start: sep, end: oct });
  expect(longestRun([sep, oct], new Set([sep, oct]))).toBeUndefined();
});

test.each([0, 1, -1, oct, -oct])('no number lies between %d and the last one before it', (time) => {
  const before = lastBefore(time);
  expect(before).toBeLessThan(time);
  const middle = before + (time - before) / 2;
  expect([before, time]).toContain(middle === 0 ? Math.abs(middle) : middle);
});

test('a month is put together two days after its end, and may have been on the clock of another server before', () => {
  const day = 86_400_000;
  expect(firstOpenMonth(nov + day)).toBe(oct);
  expect(firstOpenMonth(nov + 3 * day)).toBe(nov);
  expect(isOver(oct, nov + 1)).toBe(true);
  expect(isOver(oct, nov - 1)).toBe(false);
});
