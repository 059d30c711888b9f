import { Redis } from 'ioredis';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { redisAddress } from '../../bus/redis-address.ts';
import { startDatabase, type TestDatabase } from '../../../../tests/postgres.ts';
import { hasRedis, startRedis, type TestRedis } from '../../../../tests/redis.ts';
import { createReadableLog } from '../../app.testing.ts';
import { entriesIn, holdCommits, namedIngestOn, ORGANIZATION } from '../ingest.testing.ts';
import type { CountMessage } from '../sources.metrics.ts';
import { startRedisSource, type RedisSourceOptions } from './redis.source.ts';

const wait = { timeout: 20_000, interval: 20 };

describe.skipIf(!hasRedis())('a Redis source', () => {
  let db: TestDatabase;
  let redis: TestRedis;
  let client: Redis;
  beforeEach(async () => {
    [db, redis] = await Promise.all([startDatabase(), startRedis()]);
    client = clientOf(redis);
  });
  afterEach(async () => {
    client.disconnect();
    await redis.stop();
    await db.stop();
  });

  function clientOf({ url }: TestRedis): Redis {
    const client = new Redis(url, { maxRetriesPerRequest: null });
    client.on('error', () => {});
    return client;
  }

  function start(options: Partial<RedisSourceOptions> = {}, named = namedIngestOn(db.database)) {
    const { ingest, points } = named;
    const log = createReadableLog();
    const counts: Record<string, number> = {};
    const count: CountMessage = (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1);
    const source = startRedisSource(
      { ingest, organization: ORGANIZATION, log, count },
      { redis: redisAddress(redis.url), group: 'quantumflux', staleMs: 300, claimMs: 100, ...options },
    );
    onTestFinished(() => source.stop());
    return { ...source, points, log, counts, named };
  }

  const json = (time: number, value: number) => JSON.stringify({ stream: 'plant.temp', points: [[time, value]] });
  const add = (payload: string, stream = 'plant') => client.xadd(stream, '*', 'payload', payload);
  const pendingOf = async (stream = 'plant') => ((await client.xpending(stream, 'quantumflux')) as [number])[0];
  const linesOf = (log: ReturnType<typeof createReadableLog>, level: string) =>
    log.lines.filter((line) => line.level === level);

  describe('of channels', () => {
    test('what is published on a channel that it was told of is stored: JSON and line protocol', async () => {
      const { isUp, points, counts } = start({ channels: ['plant.*', 'lab'] });
      await expect.poll(isUp, wait).toBe(true);
      await client.publish('plant.a', json(1, 10));
      await client.publish('lab', 'plant.temp value=20 2000000');
      await client.publish('elsewhere', json(3, 30));
      await client.publish('plant.b', json(4, 40));
      await expect
        .poll(() => points('plant.temp'), wait)
        .toEqual([
          [1, 10],
          [2, 20],
          [4, 40],
        ]);
      await expect.poll(() => counts).toEqual({ stored: 3 });
    });

    test('what cannot be read is counted, and told of once without what is in it', async () => {
      const { isUp, points, log, counts } = start({ channels: ['*'] });
      await expect.poll(isUp, wait).toBe(true);
      for (const bad of ['{"secret":', 'my secret', '', '{"stream":"plant.temp","points":[[1,"secret"]]}'])
        await client.publish('plant', bad);
      await client.publish('plant', json(1, 1));
      await expect.poll(() => counts, wait).toEqual({ refused: 4, stored: 1 });
      expect(await points('plant.temp')).toEqual([[1, 1]]);
      const warnings = linesOf(log, 'warn').filter(({ message }) => message.includes('cannot be stored'));
      expect(warnings).toHaveLength(1);
      expect(JSON.stringify(log.lines)).not.toContain('secret');
    });

    test('it is heard again by itself after Redis was gone', async () => {
      const { isUp, points } = start({ channels: ['plant'] });
      await expect.poll(isUp, wait).toBe(true);
      await redis.kill();
      await expect.poll(isUp, wait).toBe(false);
      redis = await startRedis({ port: redis.port });
      await expect.poll(isUp, wait).toBe(true);
      await client.publish('plant', json(1, 1));
      await expect.poll(() => points('plant.temp'), wait).toEqual([[1, 1]]);
    });
  });

  describe('of streams', () => {
    test('entries are stored in their order, those of before too, many in one commit, and acknowledged', async () => {
      for (let i = 0; i < 2_000; i++) void add(json(i, i));
      await add(json(2_000, 2_000));
      const { points, counts } = start({ streams: ['plant'] });
      await add(json(2_001, 2_001));
      await expect.poll(() => counts['stored'], wait).toBe(2_002);
      expect(await points('plant.temp')).toEqual(Array.from({ length: 2_002 }, (_, i) => [i, i]));
      await expect.poll(() => pendingOf(), wait).toBe(0);
      expect(await entriesIn(db.database)).toBeLessThan(100);
    });

    test('the newest of entries with the same time wins', async () => {
      for (let i = 0; i < 500; i++) void add(json(1, i));
      const { points, counts } = start({ streams: ['plant'] });
      await expect.poll(() => counts['stored'], wait).toBe(500);
      expect((await points('plant.temp')).at(-1)).toEqual([1, 499]);
    });

    test('what is refused holds up nothing: it goes to another stream with the reason, and is acknowledged', async () => {
      await add(json(1, 1));
      await add('{"stream":"plant.temp","points":[[1,null]]}');
      await client.xadd('plant', '*', 'colour', 'red', 'size', '3');
      await add('plant.temp value=2 2000000\nthis is none\n');
      await client.xadd('plant', '*', 'anything', json(3, 3));
      const { points, counts, log } = start({ streams: ['plant'] });
      await expect
        .poll(() => points('plant.temp'), wait)
        .toEqual([
          [1, 1],
          [2, 2],
          [3, 3],
        ]);
      await expect.poll(() => client.xlen('plant:dead'), wait).toBe(3);
      await expect.poll(() => pendingOf(), wait).toBe(0);
      const letters = await client.xrange('plant:dead', '-', '+');
      expect(letters.map(([, fields]) => fields.slice(2))).toEqual([
        [
          'reason',
          'points.0.1: the value must be a finite number.',
          'payload',
          '{"stream":"plant.temp","points":[[1,null]]}',
        ],
        ['reason', 'An entry needs the field payload, with points in it.', 'colour', 'red', 'size', '3'],
        ['reason', expect.stringContaining('unable to parse'), 'payload', expect.stringContaining('this is none')],
      ]);
      expect(counts).toEqual({ stored: 2, refused: 3 });
      expect(JSON.stringify(log.lines)).not.toContain('this is none');
    });

    test('an entry is stored once, however often it is read and by whom', async () => {
      for (let i = 0; i < 50; i++) await add(json(i, i));
      const one = start({ streams: ['plant'] });
      const other = start({ streams: ['plant'], group: 'others' }, one.named);
      const total = () => [one, other].map(({ counts }) => (counts['stored'] ?? 0) + (counts['replayed'] ?? 0));
      await expect.poll(total, wait).toEqual([50, 50]);
      expect(await one.points('plant.temp')).toHaveLength(50);
      expect((one.counts['stored'] ?? 0) + (other.counts['stored'] ?? 0)).toBe(50);
    });

    test('a line without a timestamp is of when it was added', async () => {
      await client.xadd('plant', '1763800000123-0', 'payload', 'plant.temp value=1');
      const { points } = start({ streams: ['plant'] });
      await expect.poll(() => points('plant.temp'), wait).toEqual([[1_763_800_000_123, 1]]);
    });

    test('what a server that is gone had not acknowledged is taken over', async () => {
      await client.xgroup('CREATE', 'plant', 'quantumflux', '0', 'MKSTREAM');
      for (let i = 0; i < 300; i++) await add(json(i, i));
      await client.xreadgroup('GROUP', 'quantumflux', 'gone', 'COUNT', 200, 'STREAMS', 'plant', '>');
      const deleted = (await client.xrange('plant', '-', '+', 'COUNT', 1))[0]![0];
      await client.xdel('plant', deleted);
      const { counts } = start({ streams: ['plant'] });
      await expect.poll(() => counts, wait).toEqual({ stored: 299 });
      await expect.poll(() => pendingOf(), wait).toBe(0);
    });

    test('two servers share the entries of a group', async () => {
      const named = namedIngestOn(db.database);
      const servers = [start({ streams: ['plant'] }, named), start({ streams: ['plant'] }, named)];
      await expect.poll(() => servers.every(({ isUp }) => isUp()), wait).toBe(true);
      for (let i = 0; i < 500; i++) await add(json(i, i));
      await expect.poll(async () => (await named.points('plant.temp')).length, wait).toBe(500);
      for (const { counts } of servers) expect(counts['stored']).toBeGreaterThan(0);
      await expect.poll(() => pendingOf(), wait).toBe(0);
    });

    test('while the database stores nothing, nothing is acknowledged; then all of it is stored', async () => {
      const { counts, isUp, points, log } = start({ streams: ['plant'] });
      await expect.poll(isUp, wait).toBe(true);
      const release = await holdCommits(db.database);
      for (let i = 0; i < 100; i++) await add(json(i, i));
      // Longer than any of our waits for the database.
      await sleep(4_000);
      expect(counts).toEqual({});
      expect(await pendingOf()).toBeGreaterThan(0);
      await release();
      await expect.poll(() => counts['stored'], wait).toBe(100);
      expect(await points('plant.temp')).toHaveLength(100);
      await expect.poll(() => pendingOf(), wait).toBe(0);
      expect(linesOf(log, 'warn').map(({ message }) => message)).toEqual([
        'points of Redis cannot be stored at the moment; they wait',
      ]);
    });

    test('it stops while nothing can be stored, and acknowledges nothing', async () => {
      const { isUp, stop } = start({ streams: ['plant'] });
      await expect.poll(isUp, wait).toBe(true);
      const release = await holdCommits(db.database);
      await add(json(1, 1));
      await expect.poll(() => pendingOf(), wait).toBe(1);
      await stop();
      expect(await pendingOf()).toBe(1);
      await release();
    });

    test('without the right to acknowledge it stores once, and acknowledges as soon as it may', async () => {
      await client.acl('SETUSER', 'source', 'on', '>pass', '+@all', '-xack', 'allkeys', 'allchannels');
      const { points, counts, isUp } = start({
        redis: redisAddress(redis.url.replace('//', '//source:pass@')),
        streams: ['plant'],
      });
      for (let i = 0; i < 10; i++) await add(json(i, i));
      await expect.poll(() => counts['stored'], wait).toBe(10);
      await expect.poll(isUp, wait).toBe(false);
      expect(await pendingOf()).toBe(10);
      await client.acl('SETUSER', 'source', '+xack');
      await expect.poll(() => pendingOf(), wait).toBe(0);
      expect(await points('plant.temp')).toHaveLength(10);
    });

    test('Redis dies and comes back with what it kept: nothing is lost, nothing is stored twice', async () => {
      const keepIn = await mkdtemp(join(tmpdir(), 'quantumflux-redis-'));
      onTestFinished(() => rm(keepIn, { recursive: true, force: true }));
      client.disconnect();
      await redis.stop();
      redis = await startRedis({ keepIn });
      client = clientOf(redis);
      const { points, isUp } = start({ streams: ['plant'] });
      await expect.poll(isUp, wait).toBe(true);
      for (let i = 0; i < 300; i++) await add(json(i, i));
      await redis.kill();
      redis = await startRedis({ port: redis.port, keepIn });
      for (let i = 300; i < 400; i++) await add(json(i, i));
      await expect.poll(async () => (await points('plant.temp')).length, wait).toBe(400);
      await expect.poll(() => pendingOf(), wait).toBe(0);
      expect(new Set((await points('plant.temp')).map(([time]) => time)).size).toBe(400);
    });

    test('Redis comes back without its memory: the group is made again', async () => {
      const { points, isUp } = start({ streams: ['plant'] });
      await expect.poll(isUp, wait).toBe(true);
      await redis.kill();
      await expect.poll(isUp, wait).toBe(false);
      redis = await startRedis({ port: redis.port });
      await vi.waitFor(() => add(json(1, 1)), wait);
      await expect.poll(() => points('plant.temp'), wait).toEqual([[1, 1]]);
      await expect.poll(isUp, wait).toBe(true);
    });
  });
});
