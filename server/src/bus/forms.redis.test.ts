import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import {
  startCluster,
  startSentinels,
  startTlsRedis,
  type ClusterRedis,
  type TlsRedis,
} from '../../../tests/redis-forms.ts';
import { hasRedis } from '../../../tests/redis.ts';
import { createRedisCache } from '../cache/cache.redis.ts';
import { openRedisLimits } from '../http/limit.redis.ts';
import { silent, type Log } from '../log.ts';
import { createRedisBus } from './bus.redis.ts';
import { redisAddress, type RedisAddress } from './redis-address.ts';

// Whatever Redis there is, of several servers or with TLS: hints get through, and so do cache and limits.

const isThere = hasRedis();
const wait = { timeout: 20_000, interval: 50 };

/** A server: what it hears of the others, and what its cache finds. */
async function startNode(address: RedisAddress, { prefix, log = silent }: { prefix: string; log?: Log }) {
  const bus = createRedisBus(address, { prefix, log });
  const cache = createRedisCache(address, { prefix });
  const limits = openRedisLimits(address, { prefix });
  onTestFinished(async () => void (await Promise.all([bus.close(), cache.close(), limits.close()])));
  const heard: number[] = [];
  await bus.subscribe('points', ({ offset }) => void heard.push(offset), { partition: 3 });
  const keep = (key: string) => cache.set(key, key, { ttlMs: 60_000 });
  const find = (key: string) => cache.get(key, z.string());
  const limit = limits.createLimit({ name: 'limit', most: 10, perMs: 60_000 });
  const say = (offset: number) =>
    bus.publish('points', { epoch: 1, partition: 3, offset, payload: Uint8Array.of(1, 2, 3) });
  return { bus, heard, say, keep, find, limit };
}

async function startPair(address: RedisAddress) {
  const prefix = randomUUID();
  const pair = [await startNode(address, { prefix }), await startNode(address, { prefix })] as const;
  await expect.poll(() => pair.map(({ bus }) => bus.isUp()), wait).toEqual([true, true]);
  return pair;
}

type Pair = Awaited<ReturnType<typeof startPair>>;

/** From one to the other, in order. */
async function speak([a, b]: Pair, from: number): Promise<void> {
  const numbers = Array.from({ length: 200 }, (_, i) => from + i);
  for (const number of numbers) await a.say(number);
  await expect.poll(() => b.heard.slice(-200), wait).toEqual(numbers);
}

/** Many keys, so that each member of a cluster has some. */
async function shareCache([a, b]: Pair): Promise<void> {
  const keys = Array.from({ length: 30 }, () => randomUUID());
  await expect
    .poll(async () => {
      await Promise.all(keys.map(a.keep));
      return Promise.all(keys.map(b.find));
    }, wait)
    .toEqual(keys);
}

/** Each of them has its share. While Redis is away, each counts for itself, and nobody is refused. */
async function shareLimits([a, b]: Pair): Promise<void> {
  await expect
    .poll(async () => {
      const key = randomUUID();
      for (let i = 0; i < 5; i++) await Promise.all([a.limit.take(key), b.limit.take(key)]);
      return b.limit.take(key).catch(({ code }: { code: string }) => code);
    }, wait)
    .toBe('rate_limited');
}

describe.skipIf(!isThere)('sentinels', () => {
  test('when the master dies, everything goes on with the next one', async () => {
    const sentinels = await startSentinels();
    onTestFinished(() => sentinels.stop());
    const pair = await startPair(redisAddress(sentinels.url));
    await speak(pair, 0);
    await shareCache(pair);
    await shareLimits(pair);

    await sentinels.killMaster();
    await expect.poll(() => pair.map(({ bus }) => bus.isUp()), wait).toEqual([true, true]);
    await speak(pair, 1_000);
    await shareCache(pair);
    await shareLimits(pair);
  }, 90_000);
});

describe.skipIf(!isThere)('a cluster', () => {
  let cluster: ClusterRedis;
  beforeAll(async () => void (cluster = await startCluster()));
  afterAll(() => cluster.stop());

  test('carries hints in their order, and shares keys among its members', async () => {
    const pair = await startPair(redisAddress(cluster.url));
    await speak(pair, 0);
    await shareCache(pair);
    await shareLimits(pair);
  });

  test('whose members die one by one carries hints as long as there is one', async () => {
    const pair = await startPair(redisAddress(cluster.url));
    for (const [i, node] of cluster.nodes.slice(0, 2).entries()) {
      await node.kill();
      await expect
        .poll(async () => {
          await pair[0].say(10_000 * (i + 1));
          return pair[1].heard.at(-1);
        }, wait)
        .toBe(10_000 * (i + 1));
      await speak(pair, 10_000 * (i + 1) + 1);
    }
  }, 90_000);
});

describe.skipIf(!isThere)('TLS', () => {
  let redis: TlsRedis;
  beforeAll(async () => void (redis = await startTlsRedis()));
  afterAll(() => redis.stop());

  test('with a certificate by the authority that was named, everything works', async () => {
    const pair = await startPair({ ...redisAddress(redis.url), tls: { ca: redis.ca } });
    await speak(pair, 0);
    await shareCache(pair);
    await shareLimits(pair);
  });

  test('a connection that is closed while it is being made harms nobody', async () => {
    // It fails twice, once for each side. What nobody hears would end the process, and this test.
    for (let ms = 0; ms < 40; ms++) {
      const bus = createRedisBus({ ...redisAddress(redis.url), tls: { ca: redis.ca } }, { log: silent });
      await sleep(ms % 20);
      await bus.close();
    }
  });

  test.each([
    ['by an authority that nobody knows', { host: '127.0.0.1', isKnown: false }, /self-signed certificate/],
    ['that is for another name', { host: 'localhost', isKnown: true }, /does not match certificate's altnames/],
  ] as const)('a certificate %s is refused, and the log says why', async (_what, { host, isKnown }, reason) => {
    const causes: string[] = [];
    const log: Log = { ...silent, warn: (_message, cause) => void causes.push(String(cause)) };
    const address = redisAddress(`rediss://${host}:${redis.port}`);
    // As careless as an environment can be.
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    });
    const node = await startNode(isKnown ? { ...address, tls: { ca: redis.ca } } : address, { prefix: 'a', log });
    expect(node.bus.isUp()).toBe(false);
    expect(await node.find('a')).toBeUndefined();
    expect(causes).toEqual([expect.stringMatching(reason)]);
  });
});
