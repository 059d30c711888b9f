import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createShared } from './shared.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Makes `key#1`, `key#2` … of a key, and says how often it made something. */
function maker() {
  let made = 0;
  return {
    make: (key: string) => () => turn().then(() => `${key}#${++made}`),
    get made() {
      return made;
    },
  };
}

test('a thousand who ask at the same time are given one thing, and so are those who ask a moment later', async () => {
  const shared = createShared<string>({ keepMs: 1_000, maxBytes: 10 });
  const { make } = maker();
  const all = await Promise.all(Array.from({ length: 1_000 }, () => shared.get('a', make('a'))));
  expect(new Set(all)).toEqual(new Set(['a#1']));
  vi.advanceTimersByTime(999);
  expect(await shared.get('a', make('a'))).toBe('a#1');
  expect(await shared.get('b', make('b'))).toBe('b#2');
  vi.advanceTimersByTime(1);
  expect(await shared.get('a', make('a'))).toBe('a#3');
});

test('what could not be made fails for those who waited, and is tried again for the next', async () => {
  const shared = createShared<string>({ keepMs: 1_000, maxBytes: 10 });
  const fail = () => turn().then(() => Promise.reject<string>(new Error('away')));
  const waiting = [shared.get('a', fail), shared.get('a', () => Promise.resolve('never'))];
  expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await shared.get('a', () => Promise.resolve('here'))).toBe('here');
});

test('what was begun before everything was forgotten is given to nobody who asks after it', async () => {
  const shared = createShared<string>({ keepMs: 1_000, maxBytes: 10 });
  const { make } = maker();
  const old = shared.get('a', make('old'));
  shared.clear();
  const next = shared.get('a', make('new'));
  expect(await old).toBe('old#1');
  expect(await next).toBe('new#2');
  expect(await shared.get('a', make('newer'))).toBe('new#2');
});

test('it keeps so many bytes and no more, the newest', async () => {
  const counted = maker();
  const shared = createShared<string>({ keepMs: 1_000, maxBytes: 7, weigh: (text) => text.length });
  for (const key of ['a', 'b', 'c']) await shared.get(key, counted.make(key));
  expect(await shared.get('b', counted.make('b'))).toBe('b#2');
  expect(await shared.get('c', counted.make('c'))).toBe('c#3');
  expect(await shared.get('a', counted.make('a'))).toBe('a#4');
  expect(await shared.get('large', counted.make('far too large'))).toBe('far too large#5');
  expect(await shared.get('large', counted.make('large'))).toBe('large#6');
});
