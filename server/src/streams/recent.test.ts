import { expect, test } from 'vitest';
import { Recent } from './recent.ts';

test('what was set is found, the newest of it', () => {
  const recent = new Recent<string, number>(10);
  recent.set('a', 1);
  recent.set('a', 2);
  expect(recent.get('a')).toBe(2);
  expect(recent.has('b')).toBe(false);
  recent.delete('a');
  expect(recent.get('a')).toBeUndefined();
});

test('what is used stays, however much comes', () => {
  const recent = new Recent<number, number>(10);
  recent.set(-1, -1);
  for (let i = 0; i < 1_000; i++) {
    recent.set(i, i);
    expect(recent.get(-1)).toBe(-1);
    expect(recent.get(i - 5) ?? i - 5).toBe(i - 5);
  }
});

test('it holds the last ones it is made for, and at most twice as many', () => {
  const recent = new Recent<number, number>(100);
  for (let i = 0; i < 10_000; i++) recent.set(i, i);
  const held = Array.from({ length: 10_000 }, (_, i) => i).filter((i) => recent.has(i));
  expect(held.length).toBeLessThanOrEqual(200);
  expect(held).toEqual(expect.arrayContaining(Array.from({ length: 99 }, (_, i) => 9_999 - i)));
});
