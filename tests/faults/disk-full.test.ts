import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { post, SECRET_KEY, startServer } from '../server.ts';
import { findEmbedded } from './embedded.ts';
import { startLedger } from './ledger.ts';
import { mountSmallDisk, type SmallDisk } from './tmpfs.ts';
import { allIsWell, judge, type Verdict } from './verdict.ts';

/** A disk that is never full: whether there may be one here at all. */
const canMount = await mountSmallDisk(1).then(async (disk) => {
  await disk?.remove();
  return disk !== undefined;
});

const POINTS = 10_000;

/** A write that takes room: random digits do not shrink. */
function large(): object {
  const now = Date.now();
  return { stream: 'large', points: Array.from({ length: POINTS }, (_, i) => [now + i, Math.random()]) };
}

/** The same in the formats of agents: how their answers say it. */
async function agentsOf(url: string): Promise<{ status: number; retryAfter: string | null }[]> {
  const [now, values] = [Date.now(), Array.from({ length: POINTS }, () => Math.random())];
  const lines = values.map((value, i) => `large value=${value} ${now + i}`).join('\n');
  const dataPoints = values.map((asDouble, i) => ({ asDouble, timeUnixNano: `${now + i}000000` }));
  const metrics = [{ name: 'large', gauge: { dataPoints } }];
  const bodies = {
    '/api/v2/write?precision=ms': lines,
    '/v1/metrics': JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
  };
  return Promise.all(
    Object.entries(bodies).map(async ([path, body]) => {
      const { status, headers } = await fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${SECRET_KEY}`, 'content-type': 'application/json' },
        body,
      });
      return { status, retryAfter: headers.get('retry-after') };
    }),
  );
}

type Endured = {
  /** Of writes one after the other, until one is refused. */
  statuses: number[];
  full: { status: number; retryAfter: string | null; body: unknown };
  agents: { status: number; retryAfter: string | null }[];
  /** From the moment when there is room again to the first write that is stored, in ms. */
  healedMs: number;
  verdict: Verdict;
};

async function endure({ path, fill, empty }: SmallDisk, env: Record<string, string> = {}): Promise<Endured> {
  const server = await startServer({ dataDir: path, env });
  try {
    const database = await findEmbedded(path);
    const ledger = startLedger({ url: server.url, name: 'disk' });
    await ledger.more(20);
    // A fresh segment of the log, so that it is the tables that do not fit.
    await database.query('SELECT pg_switch_wal()');
    await ledger.more(20);
    await fill(512 * 1_024);

    const statuses: number[] = [];
    while (!statuses.includes(507) && statuses.length < 30) statuses.push((await post(server.url, large())).status);
    const full = await post(server.url, large());
    const agents = await agentsOf(server.url);

    await empty();
    const emptied = performance.now();
    while ((await post(server.url, large())).status !== 204) await sleep(50);
    const healedMs = performance.now() - emptied;
    await ledger.settle();
    return {
      statuses,
      full: {
        status: full.status,
        retryAfter: full.headers.get('retry-after'),
        body: await full.json().catch(() => undefined),
      },
      agents,
      healedMs,
      verdict: await judge(ledger.sent, database),
    };
  } finally {
    await server.stop();
  }
}

async function onSmallDisk<T>(work: (disk: SmallDisk) => Promise<T>): Promise<T> {
  const disk = (await mountSmallDisk(400))!;
  try {
    return await work(disk);
  } finally {
    await disk.remove();
  }
}

test.skipIf(!canMount)('a full disk is answered 507, and it goes on by itself once there is room again', async () => {
  const { statuses, full, agents, healedMs, verdict } = await onSmallDisk(endure);
  expect(full).toMatchObject({ status: 507, retryAfter: '1', body: { error: { code: 'storage_full' } } });
  expect(statuses.filter((status) => status !== 204 && status !== 507)).toEqual([]);
  // Agents of InfluxDB and OpenTelemetry send again after 503 only.
  expect(agents).toEqual(agents.map(() => ({ status: 503, retryAfter: '1' })));
  expect(healedMs).toBeLessThan(5_000);
  expect(verdict).toEqual(allIsWell);
});

test.skipIf(!canMount)(
  'a server that takes a full disk for none of its business is found out: ack-when-full',
  async () => {
    const { full, verdict } = await onSmallDisk((disk) =>
      endure(disk, { NODE_ENV: 'test', SABOTAGE: 'ack-when-full' }),
    );
    expect(full.status).toBe(204);
    expect(verdict.lost).not.toEqual([]);
  },
);
