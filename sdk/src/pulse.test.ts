import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ask } from './link.ts';
import { watchPulse } from './pulse.ts';

const HOUR = 3_600_000;

let heardAt: number;
let isListening: boolean;
let answers: boolean;
let asked: number;
let silent: number;
let stop: () => void;

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', page);
  [heardAt, isListening, answers, asked, silent] = [Date.now(), true, true, 0, 0];
  const ask = () => {
    asked++;
    return answers ? Promise.reject(new Error('No such channel.')) : new Promise(() => undefined);
  };
  stop = watchPulse({
    ask: ask as unknown as Ask,
    silenceMs: 15_000,
    heardAt: () => heardAt,
    isListening: () => isListening,
    onSilent() {
      silent++;
      stop();
    },
  });
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('[H2] a server', () => {
  test('that is not heard of for 15 s is silent', async () => {
    await vi.advanceTimersByTimeAsync(15_000);
    expect(silent).toBe(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([silent, asked]).toEqual([1, 0]);
  });

  test('that says something now and then is not', async () => {
    for (let i = 0; i < 20; i++) {
      await vi.advanceTimersByTimeAsync(5_000);
      heardAt = Date.now();
    }
    expect(silent).toBe(0);
  });

  test('that has nothing to say is not; it has as much time as others once it has', async () => {
    isListening = false;
    await vi.advanceTimersByTimeAsync(HOUR);
    isListening = true;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(silent).toBe(0);
  });
});

describe('after a sleep, or in a page whose timers were held back', () => {
  test('nothing is concluded from the time that passed: the server is asked', async () => {
    vi.setSystemTime(Date.now() + HOUR);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([asked, silent]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(silent).toBe(0);
  });

  test('a server that does not answer within 5 s is silent', async () => {
    answers = false;
    vi.setSystemTime(Date.now() + HOUR);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(silent).toBe(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(silent).toBe(1);
  });

  test('whatever else comes from it is an answer as well', async () => {
    answers = false;
    vi.setSystemTime(Date.now() + HOUR);
    await vi.advanceTimersByTimeAsync(5_000);
    heardAt = Date.now();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(silent).toBe(0);
  });
});

describe('a page that is looked at again', () => {
  const show = (visibilityState: string) => {
    page.visibilityState = visibilityState;
    page.dispatchEvent(new Event('visibilitychange'));
  };

  test('asks at once whether the server is there, and has the answer within 5 s', async () => {
    answers = false;
    show('hidden');
    expect(asked).toBe(0);
    show('visible');
    expect(asked).toBe(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(silent).toBe(1);
  });

  test('does not ask any more once the connection is gone', () => {
    stop();
    show('visible');
    expect(asked).toBe(0);
  });
});
