import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, MAX_TIME, parseDuration, QuantumFluxError, resolveTime } from './index.ts';

describe('lengths of time', () => {
  test.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
  ])('[T4] %s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '15', 'm', '0s', '15 m', '15m ', '-15m', '1y', '15mm', 'x15m'])('[T4] "%s" is none', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  test('[T4] a long row of digits is refused as quickly as a short one', () => {
    const start = performance.now();
    expect(() => parseDuration('1'.repeat(100_000))).toThrow(QuantumFluxError);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test('[T4] what is written is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
    expect([90_000, 3_600_000, 1_500, 604_800_000].map(formatDuration)).toEqual(['90s', '1h', '1500ms', '1w']);
  });
});

describe('moments', () => {
  const now = Date.UTC(2026, 10, 22, 10);

  test.each([
    [1_763_800_000_000.25, 1_763_800_000_000.25],
    ['1763800000000.5', 1_763_800_000_000.5],
    ['-5', -5],
    ['now', now],
    [' -15m ', now - 900_000],
    ['2026-11-22T09:00:00Z', now - 3_600_000],
    ['2026-11-22T10:00:00+01:00', now - 3_600_000],
    ['2026-11-22T09:59:59.5z', now - 500],
    ['2026-11-22', Date.UTC(2026, 10, 22)],
    ['2026-11', Date.UTC(2026, 10)],
  ])('[T5] %s', (input, time) => {
    expect(resolveTime(input, now)).toBe(time);
  });

  test('[T5] ISO 8601 without an offset is UTC, wherever the server stands', () => {
    expect(resolveTime('2026-11-22T09:00', now)).toBe(now - 3_600_000);
    expect(resolveTime('2026-11-22 09:00:00', now)).toBe(now - 3_600_000);
  });

  test.each([
    Number.NaN,
    Infinity,
    MAX_TIME + 1_000,
    '',
    'yesterday',
    '15m',
    '2026-13-01',
    '2026-11-22 (Sunday)',
    `-${'9'.repeat(400)}s`,
  ])('[T5] %s is no time', (input) => {
    expect(() => resolveTime(input, now)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});
