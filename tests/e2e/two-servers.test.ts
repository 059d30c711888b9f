import { Redis } from 'ioredis';
import { connect, type FunctionResult, type QuantumFluxClient } from '@quantumflux/sdk';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createDatabase } from '../postgres.ts';
import { hasRedis, startRedis } from '../redis.ts';
import { get, post, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';

// Two servers on one PostgreSQL and one Redis, as behind a balancer.

describe.skipIf(!hasRedis())('two servers', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let a: RunningServer;
  let b: RunningServer;
  let viewer: QuantumFluxClient;

  beforeAll(async () => {
    [folder, redis] = await Promise.all([temporaryFolder(), startRedis()]);
    const env = {
      DATABASE_URL: await createDatabase(),
      REDIS_URL: redis.url,
      TOKEN_SECRET: 't'.repeat(40),
      PASSWORD_PEPPER: 'p'.repeat(40),
    };
    // At the same time: only one of them may make the schema and the first organization.
    [a, b] = await Promise.all([
      startServer({ dataDir: folder.path, env }),
      startServer({ dataDir: folder.path, env }),
    ]);
    viewer = connect({ url: b.url, key: SECRET_KEY });
  });
  afterAll(async () => {
    viewer.close();
    await Promise.all([a.stop(), b.stop()]);
    await redis.stop();
    await folder.remove();
  });

  /** Watches at `b`; what it has seen so far. */
  function watch(stream: string): { seen: () => number[]; stop: () => void } {
    let seen: number[] = [];
    const stop = viewer.watch(stream, { from: '-5m' }, ({ series }) => (seen = [...(series[0]?.values ?? [])]));
    return { seen: () => seen, stop };
  }

  test('/health says what they stand on', async () => {
    expect(await (await fetch(`${a.url}/health`)).json()).toMatchObject({
      status: 'ok',
      database: 'external',
      bus: 'redis',
      busUp: true,
    });
  });

  test('a point that one server took reaches the viewer of the other, once and in order', async () => {
    const start = Date.now() - 60_000;
    const { seen, stop } = watch('across');
    for (let i = 0; i < 100; i++) {
      expect((await post(i % 2 === 0 ? a.url : b.url, { stream: 'across', points: [[start + i, i]] })).status).toBe(
        204,
      );
    }
    await vi.waitFor(() => expect(seen()).toEqual(Array.from({ length: 100 }, (_, i) => i)), { timeout: 5_000 });
    stop();
  });

  test('a server listens to the partitions of which somebody there sees a stream, and to no others', async () => {
    const client = new Redis(redis.url);
    const listened = async () => {
      const channels = (await client.pubsub('CHANNELS', 'quantumflux:bus:points:*')) as string[];
      if (channels.length === 0) return 0;
      const counts = (await client.pubsub('NUMSUB', ...channels)) as (string | number)[];
      return counts.filter((count) => typeof count === 'number').reduce((sum, count) => sum + count, 0);
    };
    // What others watched is let go of after a while.
    await expect.poll(listened, { timeout: 20_000 }).toBe(0);
    await post(a.url, { stream: 'alone', points: [[Date.now(), 1]] });
    const { seen, stop } = watch('alone');
    await vi.waitFor(() => expect(seen()).toEqual([1]));
    expect(await listened()).toBe(1);
    await post(a.url, { stream: 'alone', points: [[Date.now() + 1, 2]] });
    await vi.waitFor(() => expect(seen()).toEqual([1, 2]));
    stop();
    client.disconnect();
  });

  test('whoever watches what is not there yet sees every stream that comes, wherever it lives, from its first point on', async () => {
    const seen = new Map<string, number[]>();
    const stop = viewer.watch('grow.*', { from: '-5m', wait: true }, ({ series }) => {
      for (const { key, values } of series) seen.set(key, [...values]);
    });
    const start = Date.now() - 60_000;
    const wanted = new Map<string, number[]>();
    for (let i = 0; i < 24; i++) {
      const numbers = Array.from({ length: 5 }, (_, j) => j);
      wanted.set(`grow.s${i}`, numbers);
      // At once, so that there are points before the other server has heard of the stream.
      const writes = numbers.map((j) => post(a.url, { stream: `grow.s${i}`, points: [[start + j, j]] }));
      expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(numbers.map(() => 204));
      if (i % 8 === 7) await vi.waitFor(() => expect(seen).toEqual(wanted), { timeout: 10_000 });
    }
    stop();
  });

  test('a late point that one took is in the next answer of the other, kept or not', async () => {
    const start = Date.UTC(2026, 0, 1);
    const points = Array.from({ length: 20_000 }, (_, i) => [start + i * 1_000, 1]);
    expect((await post(a.url, { stream: 'kept', points })).status).toBe(204);
    const ask = async ({ url }: RunningServer) => {
      const answer = await get(
        url,
        `/api/v1/query?select=kept&from=${start}&to=${start + 86_400_000}&fn=sum,p99&step=1d`,
      );
      return ((await answer.json()) as FunctionResult<'sum'>).streams[0]!.sum[0];
    };
    expect([await ask(a), await ask(b)]).toEqual([20_000, 20_000]);
    for (let i = 1; i <= 10; i++) {
      const [writer, asked] = i % 2 === 0 ? [a, b] : [b, a];
      expect((await post(writer.url, { stream: 'kept', points: [[start + i * 1_000 + 500, 1]] })).status).toBe(204);
      expect(await ask(asked)).toBe(20_000 + i);
    }
  });

  test('without Redis nothing is refused and nothing is lost, it is only later', async () => {
    const start = Date.now() - 60_000;
    const { seen, stop } = watch('outage');
    const send = async (i: number) =>
      expect((await post(a.url, { stream: 'outage', points: [[start + i, i]] })).status).toBe(204);
    for (let i = 0; i < 20; i++) await send(i);
    await vi.waitFor(() => expect(seen()).toHaveLength(20), { timeout: 5_000 });
    await redis.kill();
    for (let i = 20; i < 60; i++) await send(i);
    await vi.waitFor(() => expect(seen()).toEqual(Array.from({ length: 60 }, (_, i) => i)), { timeout: 10_000 });
    expect(await (await fetch(`${b.url}/health`)).json()).toMatchObject({ status: 'degraded', busUp: false });
    expect((await fetch(`${b.url}/ready`)).status).toBe(200);
    stop();
  });
});
