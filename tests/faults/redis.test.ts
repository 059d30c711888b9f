import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createNetwork, hasNetworks, type TestNetwork } from '../netns.ts';
import { createDatabase } from '../postgres.ts';
import { hasRedis, startRedis, type TestRedis } from '../redis.ts';
import { startServer, temporaryFolder, type RunningServer } from '../server.ts';
import { startLedger } from './ledger.ts';
import { rounds, seededRandom } from './random.ts';
import { allIsShown, type ShownVerdict } from './shown.ts';
import { startViewers } from './viewers.ts';

// Redis carries hints between servers. Whatever becomes of it: every write is taken, and every viewer of every server is
// shown every point once and in order. Only later.

const random = seededRandom('redis');
/** Each fault takes its time, so in every run of the tests it comes once. */
const numbered = Array.from({ length: rounds > 3 ? rounds : 1 }, (_, round) => round);

/** How long an outage lasts, in ms: longer than any patience of the servers. */
const OUTAGE_MS = rounds > 3 ? 30_000 : 3_000;

/** Two servers on one PostgreSQL and one Redis. The points come to the first. */
async function startPair(redisUrl: string, env: Record<string, string> = {}) {
  const folder = await temporaryFolder();
  const all = {
    DATABASE_URL: await createDatabase({ template: 'migrated' }),
    REDIS_URL: redisUrl,
    TOKEN_SECRET: 't'.repeat(40),
    PASSWORD_PEPPER: 'p'.repeat(40),
    DRAIN_WAIT: '0s',
    ...env,
  };
  const start = () => startServer({ dataDir: folder.path, env: all });
  const servers: RunningServer[] = await Promise.all([start(), start()]);
  return {
    urls: servers.map(({ url }) => url),
    output: () => servers.map((server) => server.output()).join('\n'),
    async stop() {
      await Promise.all(servers.map((server) => server.kill()));
      await folder.remove();
    },
  };
}

type Pair = Awaited<ReturnType<typeof startPair>>;

/** Whether hints get through at both of them. */
async function areUp({ urls }: Pair): Promise<boolean[]> {
  const ask = async (url: string) => (await (await fetch(`${url}/health`)).json()) as { busUp: boolean };
  return (await Promise.all(urls.map(ask))).map(({ busUp }) => busUp);
}

type Endured = {
  verdict: ShownVerdict;
  /** Answers other than 204. */
  refusals: [number, number][];
  /** What the viewers were told to have been left out, and how often they began anew. */
  told: { skipped: number; resyncs: number };
};

/** Writers at one server, viewers at both, and the fault in between. */
async function endure(pair: Pair, name: string, fault: () => Promise<void>, patienceMs = 20_000): Promise<Endured> {
  await expect.poll(() => areUp(pair), { timeout: 20_000 }).toEqual([true, true]);
  const ledger = startLedger({ url: pair.urls[0]!, name, restMs: 5, random });
  await ledger.more(20);
  const viewers = startViewers({ url: pair.urls, selector: `ledger.${name}.*`, count: 4 });
  await viewers.live();
  await ledger.more(50 + random() * 50);
  await fault();
  await ledger.more(50);
  await ledger.settle();
  const verdict = await viewers.settle(ledger.sent, { patienceMs });
  const { skipped, resyncs } = viewers;
  return { verdict, refusals: [...ledger.refusals], told: { skipped, resyncs } };
}

const allIsWell: Endured = { verdict: allIsShown, refusals: [], told: { skipped: 0, resyncs: 0 } };

describe.skipIf(!hasRedis())('viewers at two servers are shown everything, once and in order', () => {
  let redis: TestRedis;
  let pair: Pair;
  beforeAll(async () => {
    redis = await startRedis();
    pair = await startPair(redis.url);
  });
  afterAll(async () => {
    await pair.stop();
    await redis.stop();
  });

  const outage = () => sleep(OUTAGE_MS * (0.5 + random() / 2));

  const faults = {
    'is killed and comes back': async () => {
      await redis.kill();
      await outage();
      redis = await startRedis({ port: redis.port });
    },
    'stands still': async () => {
      redis.pause();
      await outage();
      redis.resume();
    },
    'forgets everything': async () => {
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
    },
    'ends all connections again and again': async () => {
      const client = new Redis(redis.url);
      for (let i = 0; i < 20; i++) {
        await client.call('CLIENT', 'KILL', 'TYPE', random() < 0.5 ? 'pubsub' : 'normal', 'SKIPME', 'yes');
        await sleep(random() * 100);
      }
      client.disconnect();
    },
  };

  for (const [name, fault] of Object.entries(faults)) {
    test.each(numbered)(`when Redis ${name}, round %i`, async (round) => {
      expect(await endure(pair, `${name.replaceAll(' ', '-')}.r${round}`, fault)).toEqual(allIsWell);
    });
  }

  test('and hints flow again soon after Redis is back', async () => {
    await redis.kill();
    await expect.poll(() => areUp(pair), { timeout: 10_000 }).toEqual([false, false]);
    redis = await startRedis({ port: redis.port });
    await expect.poll(() => areUp(pair), { timeout: 5_000 }).toEqual([true, true]);
  });
});

describe.skipIf(!hasRedis() || !hasNetworks())('when the network to Redis swallows everything', () => {
  let network: TestNetwork;
  let redis: TestRedis;
  let pair: Pair;
  beforeAll(async () => {
    network = createNetwork();
    redis = await startRedis({ host: network.host, under: network.under, more: ['--protected-mode', 'no'] });
    pair = await startPair(redis.url);
  });
  afterEach(() => network.mend());
  afterAll(async () => {
    await pair.stop();
    await redis.stop();
    network.remove();
  });

  test.each(numbered)('viewers are shown everything, once and in order, round %i', async (round) => {
    let noticedMs = 0;
    const cut = async () => {
      const begin = performance.now();
      network.cut();
      await vi.waitFor(async () => expect(await areUp(pair)).toEqual([false, false]), {
        timeout: 20_000,
        interval: 50,
      });
      noticedMs = performance.now() - begin;
      await sleep(Math.max(0, OUTAGE_MS - noticedMs));
      network.mend();
    };
    expect(await endure(pair, `partition.r${round}`, cut)).toEqual(allIsWell);
    // TCP itself would take a quarter of an hour.
    expect(noticedMs).toBeLessThan(10_000);
  });
});

describe.skipIf(!hasRedis())('hints that get lost', () => {
  let redis: TestRedis;
  beforeAll(async () => void (redis = await startRedis()));
  afterAll(() => redis.stop());

  async function start(env: Record<string, string>): Promise<Pair> {
    const pair = await startPair(redis.url, { NODE_ENV: 'test', ...env });
    onTestFinished(() => pair.stop());
    return pair;
  }

  const calm = () => sleep(1_000);

  test.each(rounds > 3 ? ['0.01', '0.1', '0.3', '0.5'] : ['0.3'])(
    'a share of %s of them changes nothing',
    async (share) => {
      const pair = await start({ LOSE_HINTS: share });
      expect(await endure(pair, `loss.${share.replace('.', '-')}`, calm)).toEqual(allIsWell);
    },
  );

  test('are found out when nobody looks for them: no-sweep', async () => {
    const pair = await start({ SABOTAGE: 'no-sweep', LOSE_HINTS: '0.3' });
    const { verdict } = await endure(pair, 'no-sweep', async () => redis.kill(), 3_000);
    expect(verdict.lost).not.toEqual([]);
    expect(verdict.lost.filter((each) => /^viewer [02]:/.test(each)).length).toBeLessThan(verdict.lost.length);
  });
});
