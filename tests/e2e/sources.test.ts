import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSender } from '../../server/src/ingest/socket/points.socket.testing.ts';
import { startBroker, type TestBroker } from '../mqtt.ts';
import { hasRedis, startRedis, type TestRedis } from '../redis.ts';
import { get, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';

// A server with all its ways in, as its user configures it.

describe.skipIf(!hasRedis())('a server with sources', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let redis: TestRedis;
  let broker: TestBroker;
  let server: RunningServer;
  let client: Redis;
  let env: Record<string, string>;

  beforeAll(async () => {
    [folder, redis, broker] = await Promise.all([
      temporaryFolder(),
      startRedis(),
      startBroker({ password: 'hunter2' }),
    ]);
    client = new Redis(redis.url);
    env = {
      REDIS_SOURCE_URL: redis.url,
      REDIS_SOURCE_CHANNELS: 'points.*',
      REDIS_SOURCE_STREAMS: 'points',
      MQTT_URL: broker.url.replace('//', '//user:hunter2@'),
      MQTT_TOPICS: 'plant/#',
      MQTT_MAP: 'plant/{line}/{sensor} -> mqtt.{sensor}',
    };
    server = await startServer({ dataDir: folder.path, env });
  });
  afterAll(async () => {
    await server.stop();
    client.disconnect();
    await Promise.all([redis.stop(), broker.stop()]);
    await folder.remove();
  });

  const wait = { timeout: 20_000, interval: 50 };
  const health = async () =>
    (await (await fetch(`${server.url}/health`)).json()) as { status: string; sources: object };

  async function valuesOf(select: string): Promise<number[]> {
    const response = await get(server.url, `/api/v1/query?select=${encodeURIComponent(select)}&from=-1h&width=5000`);
    if (response.status === 404) return [];
    const { streams } = (await response.json()) as { streams: { v: number[] }[] };
    return streams.flatMap(({ v }) => v);
  }

  test('health says that they are connected', async () => {
    await expect.poll(health, wait).toMatchObject({ status: 'ok', sources: { redis: true, mqtt: true } });
  });

  test('what comes on each way in is there', async () => {
    const json = (stream: string) => JSON.stringify({ stream, points: [[Date.now(), 7]] });
    await client.xadd('points', '*', 'payload', json('redis.stream'));
    await client.publish('points.any', 'redis.channel value=8');
    await broker.publish('plant/3/temp', '9');
    await expect.poll(() => valuesOf('redis.stream'), wait).toEqual([7]);
    await expect.poll(() => valuesOf('redis.channel'), wait).toEqual([8]);
    await expect.poll(() => valuesOf('mqtt.temp{line="3"}'), wait).toEqual([9]);
  });

  test('at SIGTERM it answers what it has taken, leaves in good order, and goes on where it was', async () => {
    const start = Date.now() - 600_000;
    const sender = await openSender(server.url, { key: SECRET_KEY });
    for (let id = 0; id < 2_000; id++) sender.say({ id, stream: 'term.socket', points: [[start + id, id]] });
    for (let i = 0; i < 500; i++) {
      void client.xadd('points', '*', 'payload', JSON.stringify({ stream: 'term.redis', points: [[start + i, i]] }));
      void broker.publish('plant/1/term', JSON.stringify({ value: i, time: start + i }));
    }
    await sender.heard(50);
    const begin = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - begin).toBeLessThan(15_000);
    expect(await sender.closed).toEqual({ code: 1_001, reason: 'The server is shutting down.' });

    server = await startServer({ dataDir: folder.path, port: server.port, env });
    const stored = await valuesOf('term.socket');
    const acknowledged = sender.answers.filter(({ ok }) => ok).map(({ id }) => id!);
    // Nothing that was acknowledged is missing, and of what had no answer, nothing is there.
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter((id) => !stored.includes(id))).toEqual([]);
    expect(stored.filter((id) => id >= sender.answers.length)).toEqual([]);
    const all = Array.from({ length: 500 }, (_, i) => i);
    await expect.poll(() => valuesOf('term.redis'), wait).toEqual(all);
    await expect.poll(() => valuesOf('mqtt.term'), wait).toEqual(all);
    expect(server.output()).not.toContain('hunter2');
  });
});
