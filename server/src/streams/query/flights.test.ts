import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createFlights } from './flights.ts';

const never = () => new AbortController().signal;

/** Work that ends when told to, or when nobody wants it any more. */
function createWork() {
  let begun = 0;
  let finish: (value: string) => void = () => undefined;
  let isAborted = false;
  const work = (signal: AbortSignal) => {
    begun++;
    return new Promise<string>((resolve, reject) => {
      finish = resolve;
      signal.addEventListener('abort', () => {
        isAborted = true;
        reject(signal.reason as Error);
      });
    });
  };
  return { work, finish: (value: string) => finish(value), begun: () => begun, isAborted: () => isAborted };
}

test('those who want the same share the work; later ones begin anew', async () => {
  const flights = createFlights<string>();
  const { work, finish, begun } = createWork();
  const both = [flights.join('a', work, never()), flights.join('a', work, never())];
  expect(flights.isUnderWay('a')).toBe(true);
  finish('done');
  expect(await Promise.all(both)).toEqual([
    { value: 'done', isJoined: false },
    { value: 'done', isJoined: true },
  ]);
  expect(flights.isUnderWay('a')).toBe(false);
  const third = flights.join('a', work, never());
  finish('again');
  expect((await third).isJoined).toBe(false);
  expect(begun()).toBe(2);
});

test('the work goes on while anybody waits for it, and ends when all have left', async () => {
  const flights = createFlights<string>();
  const { work, isAborted } = createWork();
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = [flights.join('a', work, first.signal), flights.join('a', work, second.signal)];
  const settled = Promise.allSettled(answers);
  first.abort(new Error('first left'));
  await expect(answers[0]).rejects.toThrow('first left');
  expect(isAborted()).toBe(false);
  second.abort(new Error('second left'));
  await expect(answers[1]).rejects.toThrow('second left');
  expect(isAborted()).toBe(true);
  expect(flights.isUnderWay('a')).toBe(false);
  await settled;
});

test('a failure is everybody’s, and nobody’s after that', async () => {
  const flights = createFlights<string>();
  const failing = () => sleep(5).then(() => Promise.reject(new Error('broken')));
  const both = await Promise.allSettled([flights.join('a', failing, never()), flights.join('a', failing, never())]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(flights.join('a', () => Promise.resolve('fine'), never())).resolves.toMatchObject({ value: 'fine' });
});

test('whoever has left already is not begun for', async () => {
  const flights = createFlights<string>();
  const { work, begun } = createWork();
  await expect(flights.join('a', work, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(begun()).toBe(0);
});

test('a stop lets work finish for a while, then ends it', async () => {
  const flights = createFlights<string>();
  const [quick, endless] = [createWork(), createWork()];
  const answers = [flights.join('quick', quick.work, never()), flights.join('endless', endless.work, never())];
  const settled = Promise.allSettled(answers);
  const stopped = flights.stop(50);
  quick.finish('in time');
  await expect(answers[0]).resolves.toMatchObject({ value: 'in time' });
  await expect(answers[1]).rejects.toMatchObject({ code: 'unavailable' });
  await Promise.all([stopped, settled]);
  await expect(flights.join('new', quick.work, never())).rejects.toMatchObject({ code: 'unavailable' });
});
