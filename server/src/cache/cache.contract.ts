import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Cache } from './cache.ts';

const user = z.object({ name: z.string() });
const ttlMs = 60_000;

/** What every cache must do; each implementation runs this suite. */
export function cacheContract(name: string, createCache: () => Promise<Cache>): void {
  describe(`a ${name} cache`, () => {
    let cache: Cache;
    beforeAll(async () => void (cache = await createCache()));
    afterAll(() => cache.close());

    test('finds what was set', async () => {
      await cache.set('found', { name: 'Ann' }, { ttlMs });
      expect(await cache.get('found', user)).toEqual({ name: 'Ann' });
      expect(await cache.get('found', user)).toEqual({ name: 'Ann' });
    });

    test('finds nothing where nothing was set', async () => {
      expect(await cache.get('unknown', user)).toBeUndefined();
    });

    test('finds the newest of what was set', async () => {
      await cache.set('newest', { name: 'Ann' }, { ttlMs: 1 });
      await cache.set('newest', { name: 'Bob' }, { ttlMs });
      await sleep(20);
      expect(await cache.get('newest', user)).toEqual({ name: 'Bob' });
    });

    test('forgets when the time is over', async () => {
      await cache.set('short', { name: 'Ann' }, { ttlMs: 100 });
      expect(await cache.get('short', user)).toBeDefined();
      await sleep(120);
      expect(await cache.get('short', user)).toBeUndefined();
    });

    test('forgets what is deleted, and only that', async () => {
      await cache.set('deleted', { name: 'Ann' }, { ttlMs });
      await cache.set('other', { name: 'Bob' }, { ttlMs });
      await cache.delete('deleted');
      await cache.delete('never set');
      expect(await cache.get('deleted', user)).toBeUndefined();
      expect(await cache.get('other', user)).toBeDefined();
    });

    test('does not find what no longer fits the schema', async () => {
      await cache.set('shape', { title: 'Ann' }, { ttlMs });
      expect(await cache.get('shape', user)).toBeUndefined();
    });

    test('keeps the value as it was, whatever becomes of it', async () => {
      const given = { name: 'Ann' };
      await cache.set('copy', given, { ttlMs });
      given.name = 'Eve';
      const found = await cache.get('copy', user);
      expect(found).toEqual({ name: 'Ann' });
      found!.name = 'Eve';
      expect(await cache.get('copy', user)).toEqual({ name: 'Ann' });
    });

    test('keeps what JSON can say, and no more', async () => {
      const value = { at: new Date(0), none: undefined, list: [1, null, 'é"\u2028'] };
      await cache.set('json', value, { ttlMs });
      expect(await cache.get('json', z.unknown())).toEqual({
        at: '1970-01-01T00:00:00.000Z',
        list: [1, null, 'é"\u2028'],
      });
      await cache.set('null', null, { ttlMs });
      expect(await cache.get('null', z.null())).toBeNull();
    });
  });
}
