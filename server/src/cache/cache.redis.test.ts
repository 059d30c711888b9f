import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { redisAddress } from '../bus/redis-address.ts';
import { findFreePort } from '../database/embedded/ports.ts';
import { hasRedis, startRedis, type TestRedis } from '../../../tests/redis.ts';
import type { Cache } from './cache.ts';
import { cacheContract } from './cache.contract.ts';
import { createRedisCache } from './cache.redis.ts';

const isThere = hasRedis();
const ttlMs = 60_000;
const text = z.string();

/** Once it is connected: before, everything is a miss. */
async function connected(url: string, prefix: string = randomUUID()): Promise<Cache> {
  const cache = createRedisCache(redisAddress(url), { prefix });
  await vi.waitFor(async () => expect(await finds(cache)).toBe(true), 10_000);
  return cache;
}

async function finds(cache: Cache): Promise<boolean> {
  await cache.set('probe', 'yes', { ttlMs });
  return (await cache.get('probe', text)) === 'yes';
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

describe.skipIf(!isThere)('with a Redis server', () => {
  let redis: TestRedis;
  beforeAll(async () => void (redis = await startRedis()));
  afterAll(() => redis.stop());

  cacheContract('Redis', () => connected(redis.url));

  test('servers share it, unless they have another prefix', async () => {
    const prefix = randomUUID();
    const [a, b, stranger] = await Promise.all([
      connected(redis.url, prefix),
      connected(redis.url, prefix),
      connected(redis.url),
    ]);
    await a.set('shared', 'yes', { ttlMs });
    expect(await b.get('shared', text)).toBe('yes');
    expect(await stranger.get('shared', text)).toBeUndefined();
    await Promise.all([a.close(), b.close(), stranger.close()]);
  });

  test('what is not JSON is a miss', async () => {
    const cache = await connected(redis.url, 'broken:');
    const client = new Redis(redis.url);
    await client.set('broken:text', '{');
    await client.hset('broken:hash', 'a', 'b');
    client.disconnect();
    expect(await cache.get('text', text)).toBeUndefined();
    expect(await cache.get('hash', text)).toBeUndefined();
    await cache.close();
  });
});

describe.skipIf(!isThere)('when Redis', () => {
  async function start(options = {}): Promise<TestRedis> {
    const redis = await startRedis(options);
    onTestFinished(() => redis.stop());
    return redis;
  }

  test('dies, everything is a miss at once, and found again once it is back', async () => {
    const first = await start();
    const cache = await connected(first.url);
    await first.kill();
    expect(await timed(() => finds(cache))).toBeLessThan(1_000);
    expect(await finds(cache)).toBe(false);
    await cache.delete('probe');
    await start({ port: first.port });
    await expect.poll(() => finds(cache), { timeout: 10_000 }).toBe(true);
    await cache.close();
  });

  test('does not answer, nobody waits for it for long', async () => {
    const redis = await start();
    const cache = await connected(redis.url);
    redis.pause();
    expect(await timed(() => cache.get('probe', text))).toBeLessThan(600);
    await cache.close();
  });
});

test('a Redis that is not there at the start is a cache in which nothing is found', async () => {
  const cache = createRedisCache(redisAddress(`redis://127.0.0.1:${await findFreePort()}`));
  expect(await finds(cache)).toBe(false);
  await cache.close();
});
