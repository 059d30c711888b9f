import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CreateLimit } from './limit.ts';

/** What limits must do, wherever they count. */
export function limitContract(
  name: string,
  start: () => Promise<{ createLimit: CreateLimit; close: () => Promise<void> }>,
): void {
  describe(`${name} limits`, () => {
    let createLimit: CreateLimit;
    let close: () => Promise<void>;
    beforeEach(async () => void ({ createLimit, close } = await start()));
    afterEach(() => close());

    test('allow so many, then say when to come back', async () => {
      const limit = createLimit({ name: 'a', most: 2, perMs: 60_000 });
      await limit.take('ada');
      await limit.take('ada');
      await expect(limit.take('ada')).rejects.toMatchObject({
        code: 'rate_limited',
        message: expect.stringMatching(/Try again in (60|59) s/),
        cause: { retryMs: expect.any(Number) },
      });
    });

    test('count each key, and each limit, for itself', async () => {
      const [a, b] = ['a', 'b'].map((name) => createLimit({ name, most: 1, perMs: 60_000 }));
      await a!.take('ada');
      await a!.take('bob');
      await b!.take('ada');
      await expect(a!.take('ada')).rejects.toMatchObject({ code: 'rate_limited' });
    });

    test('of many at the same time let through as many as one after the other', async () => {
      const limit = createLimit({ name: 'a', most: 5, perMs: 60_000 });
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => limit.take('ada')));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    });

    test('begin anew after a reset, and when the time is over', async () => {
      const limit = createLimit({ name: 'a', most: 1, perMs: 1_000 });
      await limit.take('ada');
      await limit.reset('ada');
      await limit.take('ada');
      await expect(limit.take('ada')).rejects.toThrow();
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      await limit.take('ada');
    });
  });
}
