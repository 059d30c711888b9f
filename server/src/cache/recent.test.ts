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

test('what entries weigh counts, and what they grow by', () => {
  const recent = new Recent<string, string[]>(100, (text) => text.length);
  recent.set('a'.repeat(60), []);
  recent.set('b'.repeat(60), []);
  // In the older half.
  expect(recent.has('a'.repeat(60))).toBe(true);
  recent.grow(60);
  expect([recent.has('a'.repeat(60)), recent.has('b'.repeat(60))]).toEqual([false, true]);
});

test('what is written again weighs nothing more', () => {
  const recent = new Recent<string, number>(2);
  recent.set('kept', 0);
  for (let i = 0; i < 100; i++) recent.set('again', i);
  expect(recent.has('kept')).toBe(true);
});
