import { expect, test } from 'vitest';
import { createQueue } from './queue.ts';

/** Work that ends when told to. */
function createWork() {
  let finish = () => {};
  let started = false;
  const done = new Promise<void>((resolve) => (finish = resolve));
  return { run: () => ((started = true), done), finish, isStarted: () => started };
}

const aTurn = () => new Promise((resolve) => setImmediate(resolve));

test('a few run, the others wait for their turn', async () => {
  const run = createQueue({ running: 2, waiting: 2 });
  const works = Array.from({ length: 4 }, createWork);
  const all = works.map((work) => run(work.run));
  await aTurn();
  expect(works.map((work) => work.isStarted())).toEqual([true, true, false, false]);
  works[1]!.finish();
  await aTurn();
  expect(works.map((work) => work.isStarted())).toEqual([true, true, true, false]);
  for (const work of works) work.finish();
  await Promise.all(all);
});

test('more than may wait are sent away, with a time to come back', async () => {
  const run = createQueue({ running: 1, waiting: 1 });
  const works = Array.from({ length: 3 }, createWork);
  const all = works.slice(0, 2).map((work) => run(work.run));
  await expect(run(works[2]!.run)).rejects.toMatchObject({ code: 'rate_limited', cause: { retryMs: 5_000 } });
  for (const work of works) work.finish();
  await Promise.all(all);
});

test('work that fails makes room like any other', async () => {
  const run = createQueue({ running: 1, waiting: 0 });
  await expect(run(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
  expect(await run(() => Promise.resolve('next'))).toBe('next');
});
