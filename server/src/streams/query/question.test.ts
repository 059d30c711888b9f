import { MAX_WIDTH, type QueryFunction } from '@quantumflux/sdk/protocol';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../downsample.ts';
import { questionOf, type Asked } from './question.ts';

const NOW = Date.UTC(2026, 10, 22, 10, 7, 33, 123);
const ask = (asked: Partial<Asked>, now = NOW) => questionOf({ from: '-1h', to: 'now', width: 100, ...asked }, now);
const functions: Partial<Asked> = { fn: ['avg'] as QueryFunction[] };

describe('times that move with the clock', () => {
  test('move by intervals, so that those who ask within one ask the same', () => {
    // An hour on 100 pixels is 1 minute each.
    const first = ask({}, NOW);
    expect(first).toEqual(ask({}, NOW + 20_000));
    expect(first).not.toEqual(ask({}, NOW + MINUTE));
    expect(ask(functions)).toEqual(ask(functions, NOW + 20_000));
  });

  test('reach at least as far as was said', () => {
    const { range } = ask({ from: '-15m' }) as { range: { from: number; to: number } };
    expect(range.from).toBeLessThanOrEqual(NOW - 15 * MINUTE);
    expect(range.from).toBeGreaterThan(NOW - 15 * MINUTE - 10_000);
    expect(range.to).toBeGreaterThan(NOW);
    expect(range.to).toBeLessThan(NOW + 10_000);
  });
});

test('a picture between two moments is of exactly these', () => {
  const [from, to] = [NOW - 12_345, NOW - 2_001];
  expect(ask({ from, to })).toEqual({ is: 'picture', range: { from, to }, width: 100 });
});

test('functions are of whole intervals; one that begins at the end is not asked for', () => {
  const [from, to] = [Date.UTC(2026, 10, 22, 10), Date.UTC(2026, 10, 22, 11)];
  const stepMs = 10 * MINUTE;
  const grid = { stepMs, first: from / stepMs, count: 6 };
  expect(ask({ ...functions, from, to, step: '10m' })).toMatchObject({ grid });
  expect(ask({ ...functions, from: from + 1, to: to - 1, step: '10m' })).toMatchObject({ grid });
  expect(ask({ ...functions, from, to: to + 1, step: '10m' })).toMatchObject({ grid: { ...grid, count: 7 } });
});

test('the intervals fit the width, whatever it is', () => {
  for (const width of [1, 2, 3, 10, 333, 1_000, MAX_WIDTH]) {
    for (const from of ['-1m', '-7h', '-40d', 0, 1_000]) {
      const question = ask({ ...functions, from, width });
      expect(question.is === 'functions' && question.grid.count).toBeLessThanOrEqual(width);
    }
  }
});

test.each<[string, Partial<Asked>, object]>([
  ['a range that ends before it begins', { from: 'now', to: '-1h' }, { code: 'invalid_input', path: 'from' }],
  ['a time that is none', { to: 'tomorrow' }, { code: 'invalid_input', path: 'to' }],
  ['no function at all', { fn: [] }, { code: 'invalid_input', path: 'fn' }],
  ['groups without a function', { by: ['region'] }, { code: 'invalid_input', path: 'by' }],
  ['a step without a function', { step: '1m' }, { code: 'invalid_input', path: 'step' }],
  ['a step that is none', { ...functions, step: 'often' }, { code: 'invalid_input', path: 'step' }],
  ['a step of half a millisecond', { ...functions, step: '0.5ms' }, { code: 'invalid_input', path: 'step' }],
  ['too many steps', { ...functions, from: '-1d', step: '1s' }, { code: 'too_large', path: 'step' }],
])('%s is refused', (_, asked, error) => {
  expect(() => ask(asked)).toThrow(expect.objectContaining(error));
});

test('as many steps as pixels at most are not too many', () => {
  expect(ask({ ...functions, from: NOW - 10_000 * 1_000, to: NOW, step: '1s' })).toMatchObject({ is: 'functions' });
  expect(ask({ ...functions, from: NOW - 7 * DAY, step: '1h30m' })).toMatchObject({ grid: { stepMs: 1.5 * HOUR } });
});
