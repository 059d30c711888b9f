import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { limitContract } from './limit.contract.ts';
import { openRedisLimits } from './limit.redis.ts';

const url = process.env['REDIS_URL'];

describe.skipIf(!url)('with a Redis server', () => {
  limitContract('redis', async () => {
    const redis = new Redis(url!);
    await redis.flushdb();
    redis.disconnect();
    return connected(openRedisLimits(url!));
  });

  test('two servers count together', async () => {
    const [a, b] = await Promise.all([connected(openRedisLimits(url!)), connected(openRedisLimits(url!))]);
    const options = { name: crypto.randomUUID(), most: 1, perMs: 60_000 };
    await a.createLimit(options).take('ada');
    await expect(b.createLimit(options).take('ada')).rejects.toMatchObject({ code: 'rate_limited' });
    await Promise.all([a.close(), b.close()]);
  });
});

test('without Redis, a server counts for itself', async () => {
  const { createLimit, close } = openRedisLimits('redis://127.0.0.1:1');
  const limit = createLimit({ name: 'a', most: 1, perMs: 60_000 });
  await limit.take('ada');
  await expect(limit.take('ada')).rejects.toMatchObject({ code: 'rate_limited' });
  await limit.reset('ada');
  await limit.take('ada');
  await close();
});

/** Before the connection stands, it would be this process that counts. */
async function connected<T>(limits: T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return limits;
}
