import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createCallers, type TestCallers } from '../../server/src/callers.testing.ts';
import { connectStock } from '../../server/src/live/live.testing.ts';
import { startDatabase, type TestDatabase } from '../postgres.ts';
import { hasRedis, startRedis, type TestRedis } from '../redis.ts';
import { get, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';
import { startLedger } from './ledger.ts';
import { startCounting, startStockViewer, type StockViewer } from './stock-viewers.ts';
import { startViewers } from './viewers.ts';

// Rights end while points flow: two servers on one Redis and one PostgreSQL, viewers at both, writes all the time.

const TOKEN_SECRET = 't'.repeat(40);
const wait = { timeout: 20_000, interval: 20 };

/** [A6] How long a right may outlive its end, in ms. */
const SOON_MS = 5_000;
const WITHOUT_REDIS_MS = 60_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let db: TestDatabase;
let redis: TestRedis;
let callers: TestCallers;
let mine: string;
let servers: RunningServer[] = [];
const viewers: StockViewer[] = [];

async function startServers(more: Record<string, string> = {}): Promise<void> {
  const env = {
    DATABASE_URL: db.url,
    REDIS_URL: redis.url,
    TOKEN_SECRET,
    PASSWORD_PEPPER: 'p'.repeat(40),
    ...more,
  };
  servers = await Promise.all([0, 1].map(() => startServer({ dataDir: folder.path, env })));
}

async function stopServers(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
}

/** `count` viewers with this credential, shared out among the servers. */
async function watchers(
  name: string,
  credential: { token?: string; key?: string },
  { count = 6 } = {},
): Promise<StockViewer[]> {
  const started = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      startStockViewer(`${name} ${i}`, { url: servers[i % servers.length]!.url, selector: 'counting', ...credential }),
    ),
  );
  viewers.push(...started);
  return started;
}

const count = () =>
  startCounting(
    servers.map(({ url }) => url),
    'counting',
  );

/** Each of them gets points that are sent from now on. */
async function flowing(some: readonly StockViewer[], { sentAt }: { sentAt: number[] }): Promise<void> {
  const from = sentAt.length;
  await vi.waitFor(() => {
    for (const { values } of some) expect(values.at(-1)).toBeGreaterThanOrEqual(from);
  }, wait);
}

type Outcome = {
  /** Values that were sent after the limit and reached somebody all the same, by viewer. */
  late: Record<string, number[]>;
  /** Why each of them was sent away, or `undefined` when it was not. */
  reasons: Set<string | undefined>;
  /** From the end of the right to the last goodbye, in ms. */
  slowestMs: number;
};

/** What came of viewers whose right ended, when points went on flowing until now. */
function outcomeOf(some: readonly StockViewer[], sentAt: readonly number[], endedAt: number, limitMs: number): Outcome {
  const late = some.map(
    ({ name, values }) => [name, values.filter((value) => sentAt[value]! > endedAt + limitMs)] as const,
  );
  return {
    late: Object.fromEntries(late.filter(([, values]) => values.length > 0)),
    reasons: new Set(some.map((viewer) => viewer.goodbye())),
    slowestMs: Math.max(...some.map((viewer) => (viewer.firstAt('goodbye') ?? Infinity) - endedAt)),
  };
}

/** A secret key that is revoked at one server and a user who is removed from the database; what became of theirs. */
async function revoke({ limitMs }: { limitMs: number }) {
  const [key, user] = [await callers.addKey(mine, 'secret'), await callers.addUser(mine, 'viewer')];
  const witnesses = await watchers('witness', { key: SECRET_KEY }, { count: 2 });
  const doomed = [...(await watchers('key', { key: key.key })), ...(await watchers('user', { token: user.token }))];
  const counting = count();
  await flowing([...witnesses, ...doomed], counting);
  // Those who ask all the time are remembered all the time.
  const tries = startTrying([key.key, user.token]);
  await vi.waitFor(() => expect(tries.allowedAt.size).toBe(4), wait);

  const response = await fetch(`${servers[0]!.url}/api/v1/keys/${key.id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${SECRET_KEY}` },
  });
  expect(response.status).toBe(204);
  await db.database.prisma.user.delete({ where: { id: user.id } });
  const endedAt = Date.now();
  await Promise.race([Promise.all(doomed.map(({ disconnected }) => disconnected)), sleep(limitMs + 2_000)]);
  // Long enough for points that are sent after the limit.
  await sleep(Math.max(1_000, endedAt + SOON_MS + 1_000 - Date.now()));
  await flowing(witnesses, counting);
  await Promise.all([counting.stop(), tries.stop()]);

  const refusals = await Promise.all(
    servers.flatMap(({ url }) => [{ key: key.key }, { token: user.token }].map((each) => connectOnce(url, each))),
  );
  return {
    ...outcomeOf(doomed, counting.sentAt, endedAt, limitMs),
    refusals,
    lastAllowedMs: Math.max(...tries.allowedAt.values()) - endedAt,
  };
}

/** Why a connection is refused; undefined when it is not. */
async function connectOnce(url: string, auth: Record<string, unknown>): Promise<string | undefined> {
  const client = connectStock(url, auth);
  const refusal = await client.admitted;
  client.close();
  return refusal?.code;
}

/** Asks over HTTP, at each server and with each of these, again and again; when each was last allowed to begin. */
function startTrying(bearers: readonly string[]) {
  const allowedAt = new Map<string, number>();
  let isStopped = false;
  const each = async (url: string, bearer: string) => {
    while (!isStopped) {
      const at = Date.now();
      if ((await get(url, '/api/v1/query?select=counting&from=-1s', bearer)).status !== 401)
        allowedAt.set(`${url} ${bearer}`, at);
      await sleep(50);
    }
  };
  const done = Promise.all(servers.flatMap(({ url }) => bearers.map((bearer) => each(url, bearer))));
  return {
    allowedAt,
    async stop(): Promise<void> {
      isStopped = true;
      await done;
    },
  };
}

describe.skipIf(!hasRedis())('rights that end', () => {
  beforeAll(async () => {
    [folder, db, redis] = await Promise.all([temporaryFolder(), startDatabase(), startRedis()]);
    await startServers();
    callers = createCallers(db.database, TOKEN_SECRET);
    mine = await callers.firstOrganization();
  });
  afterEach(() => {
    for (const viewer of viewers.splice(0)) viewer.close();
  });
  afterAll(async () => {
    await stopServers();
    await Promise.all([redis.stop(), db.stop()]);
    await folder.remove();
  });

  test('[A5] a token ends under load: no point that was sent after its end arrives, none before it is missing', async () => {
    const user = await callers.addUser(mine, 'viewer');
    const witnesses = await watchers('witness', { key: SECRET_KEY }, { count: 2 });
    const counting = count();
    const doomed = await watchers('expiring', { token: callers.tokenOf(user, { seconds: 5 }) }, { count: 20 });
    await flowing([...witnesses, ...doomed], counting);
    await Promise.all(doomed.map(({ disconnected }) => disconnected));
    const endsAt = doomed[0]!.all('welcome')[0]!.expiresAt!;
    await vi.waitFor(() => expect(counting.sentAt.at(-1)).toBeGreaterThan(endsAt + 1_000), wait);
    await flowing(witnesses, counting);
    await counting.stop();
    const { late, reasons, slowestMs } = outcomeOf(doomed, counting.sentAt, endsAt, 0);
    expect({ late, reasons }).toEqual({ late: {}, reasons: new Set(['expired']) });
    expect(slowestMs).toBeLessThan(1_000);
    // What came is without holes up to the end.
    for (const { values } of doomed) {
      expect(values).toEqual(Array.from(values, (_, i) => values[0]! + i));
      expect(endsAt - counting.sentAt[values.at(-1)!]!).toBeLessThan(1_500);
    }
  });

  test('[A5] who sends a fresh token whenever it is asked sees every point once, over one connection', async () => {
    const user = await callers.addUser(mine, 'viewer');
    const renewing = await watchers('renewing', { token: callers.tokenOf(user, { seconds: 3 }) });
    let renewals = 0;
    for (const { socket, ask } of renewing)
      socket.on('auth.refresh', () => {
        renewals++;
        void ask('auth.refresh', { token: callers.tokenOf(user, { seconds: 3 }) });
      });
    // The first end may have been near.
    for (const { ask } of renewing) await ask('auth.refresh', { token: callers.tokenOf(user, { seconds: 3 }) });
    const counting = count();
    await flowing(renewing, counting);
    await vi.waitFor(() => expect(renewals).toBeGreaterThan(4 * renewing.length), wait);
    await flowing(renewing, counting);
    await counting.stop();
    await vi.waitFor(() => {
      for (const { values } of renewing) expect(values.at(-1)).toBe(counting.sentAt.length - 1);
    }, wait);
    for (const { values, socket } of renewing) {
      expect(values).toEqual(Array.from(values, (_, i) => values[0]! + i));
      expect(socket.connected).toBe(true);
    }
  });

  test('[A5] the SDK renews by itself: always live, every point once', async () => {
    const user = await callers.addUser(mine, 'editor');
    let given = 0;
    const getToken = () => {
      given++;
      return Promise.resolve(callers.tokenOf(user, { seconds: 4 }));
    };
    const ledger = startLedger({ url: servers[0]!.url, name: 'renewing' });
    const sdk = startViewers({
      url: servers.map(({ url }) => url),
      selector: 'ledger.renewing.*',
      count: 4,
      client: { key: undefined, getToken },
    });
    await sdk.live();
    await vi.waitFor(() => expect(given).toBeGreaterThan(16), wait);
    await ledger.settle();
    expect(await sdk.settle(ledger.sent)).toEqual({ lost: [], twice: [], reordered: [], untoldGaps: [] });
    for (const states of sdk.states) expect(states.slice(states.indexOf('live'))).toEqual(['live']);
  });

  test('[A6] a revoked key and a removed user see nothing after 5 s at either server, nor do they get in again', async () => {
    const { late, reasons, slowestMs, refusals, lastAllowedMs } = await revoke({ limitMs: SOON_MS });
    expect({ late, reasons }).toEqual({ late: {}, reasons: new Set(['revoked']) });
    expect(slowestMs).toBeLessThan(SOON_MS);
    expect(lastAllowedMs).toBeLessThan(SOON_MS);
    expect(refusals).toEqual(Array.from({ length: 4 }, () => 'unauthenticated'));
    console.log(`rights that end: gone after ${slowestMs} ms, last let in over HTTP after ${lastAllowedMs} ms`);
  });

  test.each([
    ['dead', () => redis.kill(), async () => void (redis = await startRedis({ port: redis.port }))],
    ['frozen', () => Promise.resolve(redis.pause()), () => Promise.resolve(redis.resume())],
  ])(
    '[A6] the same within 60 s while Redis is %s',
    async (_, takeAway, bringBack) => {
      await takeAway();
      try {
        const { late, reasons, slowestMs, refusals, lastAllowedMs } = await revoke({ limitMs: WITHOUT_REDIS_MS });
        expect({ late, reasons }).toEqual({ late: {}, reasons: new Set(['revoked']) });
        expect(slowestMs).toBeLessThan(WITHOUT_REDIS_MS);
        expect(lastAllowedMs).toBeLessThan(WITHOUT_REDIS_MS);
        expect(refusals).toEqual(Array.from({ length: 4 }, () => 'unauthenticated'));
        console.log(`without Redis: gone after ${slowestMs} ms, last let in over HTTP after ${lastAllowedMs} ms`);
      } finally {
        await bringBack();
      }
    },
    120_000,
  );

  test('servers that keep whom they should send away are found out: keep-revoked', async () => {
    await stopServers();
    await startServers({ NODE_ENV: 'test', SABOTAGE: 'keep-revoked' });
    const { late, reasons, slowestMs } = await revoke({ limitMs: SOON_MS });
    expect(Object.keys(late)).toHaveLength(12);
    expect(reasons).toEqual(new Set([undefined]));
    expect(slowestMs).toBe(Infinity);
  });
});
