import { expect, test } from 'vitest';
import { Recent } from './recent.ts';

test('what was set is found, the newest of it', () => {
  const recent = new Recent<number>();
  recent.set('a', 1);
  recent.set('a', 2);
  expect([recent.get('a'), recent.get('b')]).toEqual([2, undefined]);
});

test('what is asked for is kept, the rest is forgotten, however much comes', () => {
  const recent = new Recent<number>(10_000);
  recent.set('kept', 0);
  for (let i = 0; i < 1_000; i++) {
    recent.set(`n${i}`, i);
    expect(recent.get('kept')).toBe(0);
  }
  const found = Array.from({ length: 1_000 }, (_, i) => recent.get(`n${i}`)).filter((value) => value !== undefined);
  expect(found.length).toBeLessThan(60);
});

test('what grows counts as well', () => {
  const recent = new Recent<number[]>(10_000);
  recent.set('a', []);
  recent.grow(6_000);
  recent.grow(6_000);
  expect(recent.get('a')).toEqual([]);
  recent.grow(9_000);
  recent.grow(9_000);
  recent.grow(9_000);
  expect(recent.get('a')).toBeUndefined();
});
