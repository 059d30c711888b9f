import type { FunctionResult, QueryResult } from '@quantumflux/sdk/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasRedis, startRedis, type TestRedis } from '../../../../tests/redis.ts';
import { createRedisBus } from '../../bus/bus.redis.ts';
import { redisAddress } from '../../bus/redis-address.ts';
import { createMemoryCache } from '../../cache/cache.memory.ts';
import { createRedisCache } from '../../cache/cache.redis.ts';
import { silent } from '../../log.ts';
import { compactAll, type Points } from '../storage.testing.ts';
import { startQueryTest, type QueryServer, type QueryTest } from './query.testing.ts';

const START = Date.UTC(2026, 10, 1, 12);
const MINUTE = 60_000;

let tested: QueryTest;
beforeAll(async () => void (tested = await startQueryTest()));
afterAll(() => tested.stop());

const servers: QueryServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
async function startServer(options: Parameters<QueryTest['startServer']>[0] = {}): Promise<QueryServer> {
  const server = await tested.startServer(options);
  servers.push(server);
  return server;
}

let number = 0;
const newName = () => `cached.s${number++}`;
const points = (count: number): Points => Array.from({ length: count }, (_, i) => [START + i * 1_000, i]);
const question = (select: string) => ({ select, from: START, to: START + 10 * MINUTE, fn: 'sum', step: '10m' });

/** The sum over the ten minutes. */
async function sumOf(server: QueryServer, select: string): Promise<number | null> {
  const answer = (await (await server.ask(question(select))).json()) as FunctionResult<'sum'>;
  return answer.streams[0]!.sum[0]!;
}

describe('an answer', () => {
  test('is kept, and comes again as it was', async () => {
    const server = await startServer();
    const name = newName();
    await server.write({ stream: name, points: points(300) });
    for (const accept of ['application/json', 'text/csv', 'application/vnd.quantumflux.columns']) {
      const [first, second] = [
        await server.ask(question(name), { accept }),
        await server.ask(question(name), { accept }),
      ];
      expect(Buffer.from(await second.arrayBuffer())).toEqual(Buffer.from(await first.arrayBuffer()));
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    }
    expect(server.sources).toEqual(['read', 'cache', 'read', 'cache', 'read', 'cache']);
  });

  test('is not used once a point was written into its range, however late; one beside it changes nothing', async () => {
    const server = await startServer();
    const name = newName();
    await server.write({ stream: name, points: [[START, 1]] });
    expect(await sumOf(server, name)).toBe(1);
    await server.write({ stream: name, points: [[START + 60 * MINUTE, 100]] });
    await server.write({ stream: newName(), points: [[START + 1, 100]] });
    expect(await sumOf(server, name)).toBe(1);
    expect(server.sources).toEqual(['read', 'cache']);
    await server.write({ stream: name, points: [[START + 1, 10]] });
    expect(await sumOf(server, name)).toBe(11);
    await server.write({ stream: name, points: [[START, 2]] });
    expect(await sumOf(server, name)).toBe(12);
    expect(await sumOf(server, name)).toBe(12);
    expect(server.sources).toEqual(['read', 'cache', 'read', 'read', 'cache']);
  });

  test('of a rate also depends on the points before its range', async () => {
    const server = await startServer();
    const name = newName();
    await server.write({ stream: name, kind: 'counter', points: [[START + 1_000, 10]] });
    const ask = async () =>
      ((await (await server.ask({ ...question(name), fn: 'delta' })).json()) as FunctionResult<'delta'>).streams[0]!
        .delta;
    expect(await ask()).toEqual([null]);
    await server.write({ stream: name, kind: 'counter', points: [[START - MINUTE, 4]] });
    expect(await ask()).toEqual([6]);
  });

  test('is the same after compaction, and still kept', async () => {
    const server = await startServer();
    const name = newName();
    await server.write({ stream: name, points: points(300) });
    const before = await sumOf(server, name);
    await compactAll(server.compactor);
    expect(await sumOf(server, name)).toBe(before);
    expect(server.sources).toEqual(['read', 'cache']);
    const other = await startServer();
    expect(await sumOf(other, name)).toBe(before);
    expect(other.sources).toEqual(['read']);
  });

  test('is not for those who see other streams', async () => {
    const name = newName();
    const viewer = { ...tested.caller, publicOnly: true };
    const stranger = {
      ...tested.caller,
      organization: (await tested.database.prisma.organization.create({ data: { name: 'Elsewhere' } })).id,
    };
    const server = await startServer({ callers: { viewer, stranger } });
    await server.write(
      { stream: name, tags: { a: '1' }, points: [[START, 1]] },
      { stream: name, points: [[START, 2]] },
    );
    await tested.database.prisma.stream.updateMany({ where: { name, key: name }, data: { public: true } });
    const sumsOf = async (bearer: string) => {
      const answer = await server.ask(question(name), { authorization: `Bearer ${bearer}` });
      const { streams = [] } = (await answer.json()) as Partial<FunctionResult<'sum'>>;
      return [answer.status, streams.map(({ sum }) => sum[0]).sort()];
    };
    for (let i = 0; i < 2; i++) {
      expect(await sumsOf('owner')).toEqual([200, [1, 2]]);
      expect(await sumsOf('viewer')).toEqual([200, [2]]);
      expect(await sumsOf('stranger')).toEqual([404, []]);
    }
  });

  test('changes with what is known of its streams', async () => {
    const server = await startServer();
    const name = newName();
    await server.write({ stream: name, points: [[START, 1]] });
    const unitOf = async () => ((await (await server.ask(question(name))).json()) as QueryResult).streams[0]!.unit;
    expect(await unitOf()).toBe(null);
    await tested.database.prisma.stream.updateMany({ where: { name }, data: { unit: 'bar' } });
    // The catalog looks every second for what others changed.
    await vi.waitFor(async () => expect(await unitOf()).toBe('bar'), { timeout: 5_000 });
  });

  test('that was quick is not kept', async () => {
    const server = await startServer({ worthMs: 60_000 });
    const name = newName();
    await server.write({ stream: name, points: [[START, 1]] });
    for (let i = 0; i < 3; i++) await sumOf(server, name);
    expect(server.sources).toEqual(['read', 'read', 'read']);
  });
});

test('twenty who open the same dashboard at once share one read, and each sees what was confirmed before', async () => {
  const server = await startServer();
  const name = newName();
  await server.write({ stream: name, points: points(5_000) });
  for (let round = 0; round < 5; round++) {
    const before = server.sources.length;
    const late: Points = [[START + 1, round]];
    const early = Array.from({ length: 20 }, () => sumOf(server, name));
    await server.write({ stream: name, points: late });
    const after = Array.from({ length: 20 }, () => sumOf(server, name));
    const expected = points(600).reduce((sum, [, value]) => sum + value, round);
    expect(new Set(await Promise.all(after))).toEqual(new Set([expected]));
    await Promise.all(early);
    // One for those before, one for those after, and one for those who joined too early a one.
    expect(server.sources.slice(before).filter((source) => source === 'read').length).toBeLessThanOrEqual(3);
  }
});

test('relative times that are asked within the same pixel share an answer', async () => {
  const server = await startServer();
  const name = newName();
  await server.write({ stream: name, points: [[Date.now() - 1_000, 1]] });
  // A day on 100 pixels: 15 minutes each.
  for (let i = 0; i < 3; i++) await server.ask({ select: name, from: '-1d', width: 100 });
  // The clock may have passed a border between two of them, once.
  expect(server.sources.filter((source) => source === 'cache').length).toBeGreaterThanOrEqual(1);
});

test('a full cache forgets; nothing depends on it', async () => {
  const server = await startServer({ cache: createMemoryCache({ maxCharacters: 5_000 }) });
  const names = Array.from({ length: 30 }, newName);
  await server.write(...names.map((stream): { stream: string; points: Points } => ({ stream, points: points(100) })));
  for (let round = 0; round < 2; round++) for (const name of names) expect(await sumOf(server, name)).toBe(4_950);
  expect(server.sources.slice(names.length)).toContain('read');
});

describe.skipIf(!hasRedis())('two servers with one Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => void (redis = await startRedis()));
  afterAll(() => redis.stop());

  async function startNode(): Promise<QueryServer & { end(): Promise<void> }> {
    const bus = createRedisBus(redisAddress(redis.url), { log: silent });
    const cache = createRedisCache(redisAddress(redis.url));
    const node = await tested.startServer({ bus, cache });
    const end = async () => {
      await node.close();
      await bus.close();
      await cache.close();
    };
    return { ...node, end };
  }

  test('share answers; a late point that one takes is in the next answer of the other', async () => {
    const [a, b] = [await startNode(), await startNode()];
    const name = newName();
    await a.write({ stream: name, points: points(100) });
    let expected = 4_950;
    expect(await sumOf(a, name)).toBe(expected);
    expect(await sumOf(b, name)).toBe(expected);
    expect([a.sources, b.sources]).toEqual([['read'], ['cache']]);
    for (let i = 1; i <= 30; i++) {
      const [writer, asked] = i % 2 === 0 ? [a, b] : [b, a];
      await writer.write({ stream: name, points: [[START + 100_000 + i, i]] });
      expected += i;
      expect(await sumOf(asked, name)).toBe(expected);
      expect(await sumOf(writer, name)).toBe(expected);
    }
    // Beside the range: both know that it changes nothing.
    await a.write({ stream: name, points: [[START - MINUTE, 1]] });
    expect([await sumOf(a, name), await sumOf(b, name)]).toEqual([expected, expected]);
    expect([a.sources.at(-1), b.sources.at(-1)]).toEqual(['cache', 'cache']);
    await Promise.all([a.end(), b.end()]);
  });

  test('are right also while Redis is away', async () => {
    const [a, b] = [await startNode(), await startNode()];
    const name = newName();
    await a.write({ stream: name, points: [[START, 1]] });
    expect([await sumOf(a, name), await sumOf(b, name)]).toEqual([1, 1]);
    redis.pause();
    await a.write({ stream: name, points: [[START + 1, 1]] });
    expect(await sumOf(b, name)).toBe(2);
    redis.resume();
    await a.write({ stream: name, points: [[START + 2, 1]] });
    expect(await sumOf(b, name)).toBe(3);
    expect(await sumOf(a, name)).toBe(3);
    await Promise.all([a.end(), b.end()]);
  });
});
