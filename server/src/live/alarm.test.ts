import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { setAlarm } from './alarm.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([1, 1_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5])('rings after %i ms, once and not before', async (ms) => {
  const ring = vi.fn();
  setAlarm(Date.now() + ms, ring);
  await vi.advanceTimersByTimeAsync(ms - 1);
  expect(ring).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ring).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(ring).toHaveBeenCalledOnce();
});

test('what is over rings at the next turn of the loop', async () => {
  const ring = vi.fn();
  setAlarm(Date.now() - 5_000, ring);
  expect(ring).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ring).toHaveBeenCalledOnce();
});

test('a machine that slept rings within half a minute of its return', async () => {
  const ring = vi.fn();
  setAlarm(Date.now() + 600_000, ring);
  vi.setSystemTime(Date.now() + 3_600_000);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(ring).toHaveBeenCalledOnce();
});

test('does not ring once it is stopped, however long it has slept', async () => {
  const ring = vi.fn();
  const stop = setAlarm(Date.now() + 100_000, ring);
  await vi.advanceTimersByTimeAsync(60_001);
  stop();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(ring).not.toHaveBeenCalled();
});
