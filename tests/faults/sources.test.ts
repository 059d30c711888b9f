import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSender } from '../../server/src/ingest/socket/points.socket.testing.ts';
import { startBroker, type TestBroker } from '../mqtt.ts';
import { hasRedis, startRedis, type TestRedis } from '../redis.ts';
import { SECRET_KEY } from '../server.ts';
import type { Sent } from './ledger.ts';
import { rounds, seededRandom } from './random.ts';
import { startSystem, type System } from './system.ts';
import { allIsWell, judge } from './verdict.ts';

// What came over Redis, MQTT or a WebSocket and was acknowledged is there, whenever the server is killed.

const random = seededRandom('sources');
const numbered = Array.from({ length: rounds }, (_, round) => round);
const wait = { timeout: 40_000, interval: 50 };
const start = Date.now() - 3_600_000;

let system: System;
let redis: TestRedis;
let client: Redis;
let broker: TestBroker;
let environment: Record<string, string>;

describe.skipIf(!hasRedis())('sources of points', () => {
  beforeAll(async () => {
    [system, redis, broker] = await Promise.all([startSystem(), startRedis(), startBroker()]);
    client = new Redis(redis.url);
    await client.acl('SETUSER', 'source', 'on', '>pass', '+@all', 'allkeys', 'allchannels');
    environment = {
      REDIS_SOURCE_URL: redis.url.replace('//', '//source:pass@'),
      REDIS_SOURCE_STREAMS: 'feed',
      MQTT_URL: broker.url,
      MQTT_TOPICS: 'feed/#',
      MQTT_MAP: 'feed/{name} -> {name}',
    };
    await system.killServer();
    await system.restartServer(environment);
  });
  afterAll(async () => {
    client.disconnect();
    await system.stop();
    await Promise.all([redis.stop(), broker.stop()]);
  });

  const pending = async () => ((await client.xpending('feed', 'quantumflux')) as [number])[0];
  const metric = async (source: string, outcome: string) => {
    const text = await (await fetch(`${system.url}/metrics`)).text();
    const line = new RegExp(
      `^quantumflux_source_messages_total\\{source="${source}",outcome="${outcome}"\\} (\\d+)`,
      'm',
    );
    return Number(line.exec(text)?.[1] ?? 0);
  };

  /** What was sent, all of which must be there in the end. */
  const sent = (stream: string, count: number): Sent[] =>
    Array.from({ length: count }, (_, i) => ({ stream, time: start + i, value: i, key: '', isAcknowledged: true }));

  const add = ({ stream, time, value }: Sent) =>
    client.xadd('feed', '*', 'payload', JSON.stringify({ stream, points: [[time, value]] }));

  async function killAndRestart(env = environment): Promise<void> {
    await system.killServer();
    await system.restartServer(env);
  }

  test('health and metrics tell of them', async () => {
    await expect
      .poll(async () => (await (await fetch(`${system.url}/health`)).json()) as object, wait)
      .toMatchObject({ status: 'ok', sources: { redis: true, mqtt: true } });
  });

  // A third of the rounds: what a dead server had is taken over after ten seconds.
  test.each(numbered.slice(0, Math.ceil(rounds / 3)))(
    'Redis: kill -9 under load loses nothing and stores nothing twice, round %i',
    async (round) => {
      const writes = sent(`redis.load.r${round}`, 600);
      const sending = (async () => {
        for (const write of writes) {
          await add(write);
          if (random() < 0.2) await sleep(1);
        }
      })();
      await sleep(50 + random() * 200);
      await killAndRestart();
      await sending;
      await expect.poll(pending, wait).toBe(0);
      await expect.poll(async () => (await judge(writes, await system.database())).lost.length, wait).toBe(0);
      expect(await judge(writes, await system.database())).toEqual(allIsWell);
    },
  );

  /** Kills the server after COMMIT and before the acknowledgement, which it has no right to send. */
  async function killBeforeAcknowledging(name: string): Promise<Sent[]> {
    const writes = sent(name, 50);
    await client.acl('SETUSER', 'source', '-xack');
    const before = await metric('redis', 'stored');
    await Promise.all(writes.map(add));
    await expect.poll(async () => (await metric('redis', 'stored')) - before, wait).toBeGreaterThanOrEqual(1);
    expect(await pending()).toBeGreaterThan(0);
    await system.killServer();
    await client.acl('SETUSER', 'source', '+xack');
    await system.restartServer(environment);
    await expect.poll(pending, wait).toBe(0);
    await expect.poll(async () => (await judge(writes, await system.database())).lost.length, wait).toBe(0);
    return writes;
  }

  test('Redis: kill -9 between COMMIT and XACK stores nothing twice', async () => {
    const writes = await killBeforeAcknowledging('redis.window');
    expect(await judge(writes, await system.database())).toEqual(allIsWell);
    expect(await metric('redis', 'replayed')).toBeGreaterThan(0);
  });

  test.each(numbered)('MQTT: kill -9 loses no message of QoS 1, round %i', async (round) => {
    const writes = sent(`mqtt.load.r${round}`, 600);
    const sending = (async () => {
      for (const { stream, time } of writes) {
        await broker.publish(`feed/${stream}`, JSON.stringify({ time, value: time - start }));
        if (random() < 0.2) await sleep(1);
      }
    })();
    await sleep(50 + random() * 200);
    await killAndRestart();
    await sending;
    await expect.poll(async () => (await judge(writes, await system.database())).lost.length, wait).toBe(0);
    // At least once in the journal; by its time, once for whoever asks.
    const select = `select=${writes[0]!.stream}&from=${start}&to=${start + 600}&width=2000`;
    const response = await fetch(`${system.url}/api/v1/query?${select}`, {
      headers: { authorization: `Bearer ${SECRET_KEY}` },
    });
    const { streams } = (await response.json()) as { streams: { t: number[]; v: number[] }[] };
    expect(streams[0]!.v).toEqual(writes.map(({ time }) => time - start));
  });

  test.each(numbered)('WebSocket: kill -9 loses nothing that was acknowledged, round %i', async (round) => {
    const writes = sent(`socket.load.r${round}`, 5_000).map((write) => ({ ...write, isAcknowledged: false }));
    const sender = await openSender(system.url, { key: SECRET_KEY });
    const say = (id: number) => {
      const { stream, time } = writes[id]!;
      sender.say({ id, idempotencyKey: `${stream} ${time}`.replace(' ', '-'), stream, points: [[time, time - start]] });
    };
    let acknowledged = 0;
    sender.ws.on('message', () => {
      const { id, ok } = sender.answers.at(-1)!;
      writes[id!]!.isAcknowledged = ok;
      if (ok) acknowledged += 1;
      // As every sender does: what is refused for a while is sent again, with its key.
      else setTimeout(() => say(id!), 200);
    });
    writes.forEach((_, id) => say(id));
    const enough = 200 + random() * 200;
    await expect.poll(() => acknowledged, { timeout: 30_000, interval: 5 }).toBeGreaterThan(enough);
    await killAndRestart();
    await sender.closed;
    const verdict = await judge(writes, await system.database());
    expect(verdict).toEqual(allIsWell);
  });

  describe('a server that breaks its promise is found out', () => {
    test('no-dedup, by an entry that is read again', async () => {
      environment = { ...environment, NODE_ENV: 'test', SABOTAGE: 'no-dedup' };
      await killAndRestart();
      const writes = await killBeforeAcknowledging('redis.no-dedup');
      expect((await judge(writes, await system.database())).twice).not.toEqual([]);
    });

    test('ack-before-commit, by kill -9', async () => {
      environment = { ...environment, SABOTAGE: 'ack-before-commit' };
      await killAndRestart();
      const writes = sent('mqtt.ack-before-commit', 400);
      const before = await metric('mqtt', 'stored');
      const sending = (async () => {
        for (const { stream, time } of writes) {
          await broker.publish(`feed/${stream}`, JSON.stringify({ time, value: 1 }));
          await sleep(5);
        }
      })();
      await expect.poll(async () => (await metric('mqtt', 'stored')) - before, wait).toBeGreaterThan(50);
      await system.killServer();
      await sending;
      await system.restartServer({ ...environment, SABOTAGE: '' });
      // All that the broker still has.
      const verdict = async () => judge(writes, await system.database());
      await expect
        .poll(async () => (await verdict()).lost.includes(`mqtt.ack-before-commit ${start + 399}`), wait)
        .toBe(false);
      expect((await verdict()).lost).not.toEqual([]);
    });
  });
});
