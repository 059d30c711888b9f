import { expect, test } from 'vitest';
import { columnsOf } from './columns.ts';
import { gapLimit } from './gaps.ts';

const limitOf = (times: number[], msPerPixel = 1) =>
  gapLimit(columnsOf(times.map((time) => [time, 0])), { start: 0, end: times.length }, msPerPixel);

const everySecond = Array.from({ length: 100 }, (_, i) => i * 1_000);

test('three times the usual distance is still a line', () => {
  expect(limitOf(everySecond)).toBe(3_000);
});

test('a hole does not widen what is usual', () => {
  expect(limitOf([...everySecond, 160_000, 161_000])).toBe(3_000);
});

test('nothing narrower than two and a half pixels is a gap', () => {
  expect(limitOf(everySecond, 4_000)).toBe(10_000);
});

test('coarse history before fine points stays one line when it is one point per pixel', () => {
  const history = Array.from({ length: 20 }, (_, i) => i * 5_000);
  const live = Array.from({ length: 500 }, (_, i) => 100_000 + i * 100);
  expect(limitOf([...history, ...live], 5_000)).toBeGreaterThan(5_000);
});

test('irregular streams stay whole: one distance in a thousand is a gap', () => {
  let seed = 1;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const distances = Array.from({ length: 5_000 }, () => -Math.log(random()) * 1_000);
  let time = 0;
  const limit = limitOf(distances.map((distance) => (time += distance)));
  expect(distances.filter((distance) => distance > limit).length).toBeLessThan(50);
});

test('two points are a line, however far from each other', () => {
  expect(limitOf([0, 1e9])).toBe(Infinity);
});
