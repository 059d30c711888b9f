import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisAddress } from '../bus/redis-address.ts';
import { findFreePort } from '../database/embedded/ports.ts';
import { hasRedis, startRedis, type TestRedis } from '../../../tests/redis.ts';
import { limitContract } from './limit.contract.ts';
import { openRedisLimits } from './limit.redis.ts';

describe.skipIf(!hasRedis())('with a Redis server', () => {
  let redis: TestRedis;
  beforeAll(async () => void (redis = await startRedis()));
  afterAll(() => redis.stop());

  limitContract('Redis', () => connected(redis.url));

  test('two servers count together', async () => {
    const prefix = randomUUID();
    const [a, b] = await Promise.all([connected(redis.url, prefix), connected(redis.url, prefix)]);
    const options = { name: 'a', most: 1, perMs: 60_000 };
    await a.createLimit(options).take('ada');
    await expect(b.createLimit(options).take('ada')).rejects.toMatchObject({ code: 'rate_limited' });
    await Promise.all([a.close(), b.close()]);
  });

  test('while Redis is silent, a server counts for itself, after a short wait', async () => {
    const { createLimit, close } = await connected(redis.url);
    redis.pause();
    try {
      await takeTwice(createLimit({ name: 'a', most: 1, perMs: 60_000 }));
    } finally {
      redis.resume();
    }
    await close();
  });
});

test('without Redis, a server counts for itself', async () => {
  const { createLimit, close } = openRedisLimits(redisAddress(`redis://127.0.0.1:${await findFreePort()}`));
  const limit = createLimit({ name: 'a', most: 1, perMs: 60_000 });
  await takeTwice(limit);
  await limit.reset('ada');
  await limit.take('ada');
  await close();
});

async function takeTwice(limit: { take(key: string): Promise<void> }): Promise<void> {
  await limit.take('ada');
  await expect(limit.take('ada')).rejects.toMatchObject({ code: 'rate_limited' });
}

/** Once it is connected: before, each limit counts in this process. */
async function connected(url: string, prefix = randomUUID()) {
  const limits = openRedisLimits(redisAddress(url), { prefix });
  await expect.poll(() => countsInRedis(limits.createLimit), { timeout: 10_000 }).toBe(true);
  return limits;

  async function countsInRedis(createLimit: typeof limits.createLimit): Promise<boolean> {
    const name = randomUUID();
    // Two limits of one name share a count in Redis, and nothing in memory.
    const [one, other] = [0, 1].map(() => createLimit({ name, most: 1, perMs: 60_000 }));
    await one!.take('probe');
    return other!.take('probe').then(
      () => false,
      () => true,
    );
  }
}
