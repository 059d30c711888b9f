import { expect, test } from 'vitest';
import { Clock } from './clock.ts';

const aheadOf = (clock: Clock) => Math.round((clock.now() - Date.now()) / 100) * 100;
const askedAt = 1_000_000;

test('is the local time until a reply proves it wrong', () => {
  const clock = new Clock();
  expect(aheadOf(clock)).toBe(0);
  clock.learn(askedAt + 150, { askedAt, answeredAt: askedAt + 200 });
  expect(aheadOf(clock)).toBe(0);
});

test('goes by the middle between asking and the answer', () => {
  const clock = new Clock();
  clock.learn(askedAt + 60_100, { askedAt, answeredAt: askedAt + 200 });
  expect(aheadOf(clock)).toBe(60_000);
});

test('a slow reply does not spoil what a quick one told, a quick one puts a slow one right', () => {
  const clock = new Clock();
  clock.learn(askedAt, { askedAt, answeredAt: askedAt + 8_000 });
  expect(aheadOf(clock)).toBe(0);
  clock.learn(askedAt - 3_000, { askedAt, answeredAt: askedAt + 4_000 });
  expect(aheadOf(clock)).toBe(-5_000);
  clock.learn(askedAt - 4_000, { askedAt, answeredAt: askedAt });
  expect(aheadOf(clock)).toBe(-4_000);
  clock.learn(askedAt - 4_000, { askedAt, answeredAt: askedAt + 9_000 });
  expect(aheadOf(clock)).toBe(-4_000);
});
