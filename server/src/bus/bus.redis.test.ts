import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findFreePort } from '../database/embedded/ports.ts';
import { hasRedis, startRedis, type TestRedis } from '../../../tests/redis.ts';
import { silent } from '../log.ts';
import { publishCommit, type Bus } from './bus.ts';
import { busContract } from './bus.contract.ts';
import { createRedisBus } from './bus.redis.ts';
import { pack } from './codec.ts';
import { redisAddress } from './redis-address.ts';
import type { Message } from './topics.ts';

const isThere = hasRedis();
const buses: Bus[] = [];
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
});

/** A bus, what it heard, and what it said in the log. */
async function listen(url: string, prefix: string = randomUUID()) {
  const entries: string[] = [];
  const write = (message: string) => void entries.push(message);
  const bus = createRedisBus(redisAddress(url), { prefix, log: { error: write, warn: write, info: write } });
  buses.push(bus);
  const heard: number[] = [];
  await bus.subscribe('streams', ({ ids }) => void heard.push(...ids));
  const changes: boolean[] = [];
  bus.onChange((isUp) => void changes.push(isUp));
  return { bus, prefix, heard, entries, changes, send: (id: number) => bus.publish('streams', { ids: [id] }) };
}

describe.skipIf(!isThere)('with a Redis server', () => {
  let redis: TestRedis;
  beforeAll(async () => void (redis = await startRedis()));
  afterAll(() => redis.stop());

  busContract('Redis', async () => {
    const bus = createRedisBus(redisAddress(redis.url), { prefix: randomUUID(), log: silent });
    // Connected, as it is soon after the start of a server.
    await (
      await bus.subscribe('keys', () => {})
    )();
    return bus;
  });

  test('servers hear each other, unless they have another prefix', async () => {
    const a = await listen(redis.url);
    const [b, stranger] = [await listen(redis.url, a.prefix), await listen(redis.url)];
    await a.send(1);
    await expect.poll(() => [a.heard, b.heard]).toEqual([[1], [1]]);
    expect(stranger.heard).toEqual([]);
  });

  test('what others say in partitions that nobody here listens to does not travel to us', async () => {
    const client = new Redis(redis.url);
    const { bus, prefix } = await listen(redis.url);
    const listened = async () =>
      ((await client.pubsub('CHANNELS', `${prefix}*`)) as string[]).map((name) => name.slice(prefix.length)).sort();
    expect(await listened()).toEqual(['streams']);
    const [one, two] = [
      await bus.subscribe('points', () => {}, { partition: 3 }),
      await bus.subscribe('points', () => {}, { partition: 3 }),
    ];
    expect(await listened()).toEqual(['points:3', 'streams']);
    await one();
    expect(await listened()).toEqual(['points:3', 'streams']);
    await two();
    await expect.poll(listened).toEqual(['streams']);
    client.disconnect();
  });

  test('it takes one connection, however many subscribe', async () => {
    const client = new Redis(redis.url);
    const connections = async () => (String(await client.client('LIST')).match(/name=quantumflux-bus/g) ?? []).length;
    await expect.poll(connections).toBe(0);
    const { bus } = await listen(redis.url);
    for (const topic of ['streams', 'points', 'keys', 'keys'] as const) await bus.subscribe(topic, () => {});
    expect(await connections()).toBe(1);
    client.disconnect();
  });

  test('heads that follow each other soon reach other servers as one, with the furthest of each partition', async () => {
    const a = await listen(redis.url);
    const b = await listen(redis.url, a.prefix);
    const heard: Message<'heads'>[] = [];
    await b.bus.subscribe('heads', (position) => void heard.push(position));
    const say = (epoch: number, ...offsets: [number, number][]) => a.bus.publish('heads', { epoch, offsets });
    await say(1, [0, 7], [3, 1]);
    await say(1, [0, 6], [5, 2]);
    await say(2, [0, 1]);
    await expect
      .poll(() => heard)
      .toEqual([
        {
          epoch: 1,
          offsets: [
            [0, 7],
            [3, 1],
            [5, 2],
          ],
        },
        { epoch: 2, offsets: [[0, 1]] },
      ]);
  });

  test('what is said in one turn of the loop is sent in one piece, as all partitions of a commit are', async () => {
    const a = await listen(redis.url);
    const b = await listen(redis.url, a.prefix);
    const heard: number[] = [];
    await b.bus.subscribe('points', ({ partition }) => void heard.push(partition));
    const client = new Redis(redis.url);
    const reads = async () => Number(/total_reads_processed:(\d+)/.exec(await client.info('stats'))![1]);
    const before = await reads();
    const commits = Array.from({ length: 20 }, (_, i) => ({
      epoch: 1,
      entries: Array.from({ length: 8 }, (_, partition) => ({ partition, offset: i, payload: Uint8Array.of(1) })),
    }));
    await Promise.all(commits.map((commit) => publishCommit(a.bus, commit)));
    await expect.poll(() => heard).toHaveLength(160);
    // With the question itself, heads, and signs of life.
    expect((await reads()) - before).toBeLessThan(10);
    client.disconnect();
  });

  test('a message of a wrong shape is dropped and told of once, and the next good one arrives', async () => {
    const { prefix, heard, entries, send } = await listen(redis.url);
    const client = new Redis(redis.url);
    const wrongs = [
      '',
      'not MessagePack',
      pack('heads', { epoch: 1, offsets: [] }, Buffer.alloc(8)),
      Buffer.alloc(9, 0xc1),
    ];
    for (const wrong of wrongs) {
      await client.publish(`${prefix}streams`, wrong);
    }
    client.disconnect();
    await send(1);
    await expect.poll(() => heard).toEqual([1]);
    expect(entries).toEqual(['messages of "streams" that this version cannot read are dropped']);
  });

  test('a Redis that does not let us publish is one that is away', async () => {
    const client = new Redis(redis.url);
    await client.acl('SETUSER', 'reader', 'on', '>pass', '+@all', '-publish', 'allchannels');
    const { bus, entries, send } = await listen(redis.url.replace('redis://', 'redis://reader:pass@'));
    await send(1);
    await expect.poll(() => bus.isUp()).toBe(false);
    await client.acl('SETUSER', 'reader', '+publish');
    client.disconnect();
    await send(2);
    await expect.poll(() => bus.isUp()).toBe(true);
    expect(entries).toEqual([expect.stringContaining('Redis is away'), 'Redis is back']);
  });
});

describe.skipIf(!isThere)('when Redis dies', () => {
  async function start(options = {}): Promise<TestRedis> {
    const redis = await startRedis(options);
    onTestFinished(() => redis.stop());
    return redis;
  }

  test('messages flow again by themselves once it is back', async () => {
    const first = await start();
    const { bus, heard, entries, changes, send, prefix } = await listen(first.url);
    const other = await listen(first.url, prefix);
    await first.kill();
    await expect.poll(() => [bus.isUp(), other.bus.isUp()]).toEqual([false, false]);
    // Nobody waits, and nothing is kept for later; but who is in the same process hears it all the same.
    const before = performance.now();
    for (let id = 0; id < 10_000; id++) await send(id);
    expect(performance.now() - before).toBeLessThan(1_000);
    await expect.poll(() => heard.at(-1)).toBe(9_999);

    await start({ port: first.port });
    await expect.poll(() => [bus.isUp(), other.bus.isUp()], { timeout: 10_000 }).toEqual([true, true]);
    await send(-1);
    await expect.poll(() => other.heard).toEqual([-1]);
    // Whoever follows the journal has to look at once: what was said meanwhile is lost.
    expect(changes).toEqual([false, true]);
    expect(entries).toEqual([expect.stringContaining('Redis is away'), 'Redis is back']);
  });

  test('a way that swallows everything is found out, though it never ends', async () => {
    const redis = await start();
    const { bus } = await listen(redis.url);
    redis.pause();
    await expect.poll(() => bus.isUp(), { timeout: 6_000 }).toBe(false);
    redis.resume();
    await expect.poll(() => bus.isUp(), { timeout: 10_000 }).toBe(true);
  });
});

test('a Redis that is not there at the start keeps nobody waiting', async () => {
  const { bus, entries, send } = await listen(`redis://127.0.0.1:${await findFreePort()}`);
  expect(bus.isUp()).toBe(false);
  await send(1);
  expect(entries).toEqual([expect.stringContaining('Redis is away')]);
});

test('nor does one that never answers', async () => {
  const silence = createServer();
  const port = await findFreePort();
  await new Promise<void>((done) => silence.listen(port, '127.0.0.1', done));
  onTestFinished(() => void silence.close());
  const { bus } = await listen(`redis://127.0.0.1:${port}`);
  expect(bus.isUp()).toBe(false);
});
