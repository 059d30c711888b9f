import { expect, test } from 'vitest';
import { z } from 'zod';
import { cacheContract } from './cache.contract.ts';
import { createMemoryCache } from './cache.memory.ts';

const ttlMs = 60_000;

cacheContract('memory', () => Promise.resolve(createMemoryCache()));

test('a full cache forgets what was not asked for the longest', async () => {
  const cache = createMemoryCache({ maxCharacters: 3_500 });
  const text = 'x'.repeat(1_000);
  for (const key of ['a', 'b', 'c']) await cache.set(key, text, { ttlMs });
  await cache.get('a', z.string());
  await cache.set('d', text, { ttlMs });
  const found = await Promise.all(['a', 'b', 'c', 'd'].map((key) => cache.get(key, z.string())));
  expect(found.map((each) => each !== undefined)).toEqual([true, false, true, true]);
});

test('what is set again and again does not fill it', async () => {
  const cache = createMemoryCache({ maxCharacters: 3_500 });
  await cache.set('kept', 'y', { ttlMs });
  for (let i = 0; i < 100; i++) await cache.set('again', 'x'.repeat(1_000), { ttlMs });
  await cache.delete('again');
  for (const key of ['a', 'b', 'c']) await cache.set(key, 'x'.repeat(1_000), { ttlMs });
  expect(await cache.get('kept', z.string())).toBe('y');
});

test('what is larger than the whole cache is not kept', async () => {
  const cache = createMemoryCache({ maxCharacters: 100 });
  await cache.set('huge', 'x'.repeat(200), { ttlMs });
  expect(await cache.get('huge', z.string())).toBeUndefined();
});
