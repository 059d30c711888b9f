import { expect, test } from 'vitest';
import { formatTime, timeStep, timeTicks } from './time-axis.ts';

const noon = new Date(2026, 10, 22, 12, 0, 0).getTime();
/** A date in the words of whoever runs this. */
const inWords = (options: Intl.DateTimeFormatOptions, date: Date | number = noon) =>
  new Intl.DateTimeFormat(undefined, options).format(date);
const measure = (label: string) => 7 * label.length;
const ticks = (from: number, to: number, width: number) => timeTicks([from, to], timeStep(to - from, width, measure));
const labels = (span: number, width = 600) => ticks(noon - span, noon, width).map(({ label }) => label);

test('five minutes are told in minutes', () => {
  expect(labels(300_000)).toEqual(['11:55', '11:56', '11:57', '11:58', '11:59', '12:00']);
});

test('half a minute is told in seconds', () => {
  expect(labels(30_000)).toContain('11:59:45');
});

test('midnight is named by its day', () => {
  expect(labels(86_400_000)).toContain(inWords({ day: 'numeric', month: 'short' }));
});

test('a year is told in months', () => {
  expect(labels(365 * 86_400_000, 400)).toContain(inWords({ month: 'short', year: 'numeric' }, new Date(2026, 6)));
});

test.each([200, 320, 600, 1_000, 1_600])('%d pixels have some labels, but never so many that they touch', (width) => {
  for (const span of [5_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 86_400_000, 30 * 86_400_000]) {
    const all = labels(span, width);
    expect(all.length).toBeGreaterThan(0);
    expect(all.length * (measure(all[0]!) + 10)).toBeLessThan(width + 2 * measure(all[0]!));
  }
});

test('ticks stay at the same moments while the window moves', () => {
  const before = ticks(noon - 300_000, noon, 600).map(({ at }) => at);
  const after = ticks(noon - 290_000, noon + 10_000, 600).map(({ at }) => at);
  expect(after.slice(0, -1).every((at) => before.includes(at))).toBe(true);
});

test('a moment is as exact as the window needs', () => {
  expect(formatTime(noon + 1, 5_000)).toMatch(/^12:00:00[.,]001$/);
  expect(formatTime(noon, 300_000)).toBe('12:00:00');
  expect(formatTime(noon, 7 * 86_400_000)).toBe(`${inWords({ day: 'numeric', month: 'short' })} 12:00`);
});
