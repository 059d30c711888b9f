import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { hasPostgres, startPostgres, type InstalledPostgres } from '../../tests/installed-postgres.ts';
import { startDatabase } from '../../tests/postgres.ts';
import { createReadableLog } from './app.testing.ts';
import { compose } from './compose.ts';
import { readConfig } from './config.ts';

// The whole server, on what databases do to it.

const KEY = `qf_sk_${'d'.repeat(32)}`;

/** A whole server, and ways to write to it and ask it. */
async function serve(env: Record<string, string>) {
  const log = createReadableLog();
  const secrets = { TOKEN_SECRET: 't'.repeat(32), PASSWORD_PEPPER: 'p'.repeat(32) };
  const server = await compose(
    readConfig({ ...secrets, BOOTSTRAP_SECRET_KEY: KEY, HOST_METRICS: 'off', DRAIN_WAIT: '0s', PORT: '0', ...env }),
    log,
  );
  onTestFinished(() => server.close());
  await new Promise<void>((resolve) => server.http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.http.address() as AddressInfo).port}`;
  const headers = { authorization: `Bearer ${KEY}` };

  return {
    log,
    /** The status, and how long the answer took in ms. */
    async write(stream: string, points: [time: number, value: number][]) {
      const start = performance.now();
      const body = JSON.stringify({ streams: [{ stream, points }] });
      const response = await fetch(`${url}/api/v1/points`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      });
      await response.text();
      return { status: response.status, ms: performance.now() - start };
    },
    /** The values of a stream; undefined when it is not found. */
    async values(stream: string, to = 1_000_000): Promise<number[] | undefined> {
      const response = await fetch(`${url}/api/v1/query?select=${stream}&from=0&to=${to}&width=1000`, { headers });
      if (response.status === 404) return undefined;
      expect(response.status).toBe(200);
      const { streams } = (await response.json()) as { streams: { v: number[] }[] };
      return streams[0]!.v;
    },
    async metric(name: string): Promise<number> {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.slice(name.length) ?? Number.NaN,
      );
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

test('however many questions wait for the database, a write does not', async () => {
  const { database, url, stop } = await startDatabase();
  onTestFinished(stop);
  const server = await serve({ DATABASE_URL: url });
  await server.write('busy', [[1, 1]]);
  const locker = await connect(url);
  onTestFinished(() => locker.end());
  // Every question, and the compactor, waits for this table until its time is over, and holds its connection meanwhile.
  await locker.query('BEGIN; LOCK TABLE chunk IN ACCESS EXCLUSIVE MODE');
  let isOver = false;
  // Each its own, for those who ask the same share one answer.
  const askOn = async (to: number) => {
    while (!isOver) await server.values('busy', to).catch(() => undefined);
  };
  const questions = Array.from({ length: 40 }, (_, i) => askOn(1_000_000 + i));
  // It is as bad as it is meant to be.
  await vi.waitFor(async () => {
    const { rowCount } = await database.pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expect(rowCount).toBeGreaterThan(7);
  }, 15_000);
  const writes = [];
  for (let i = 0; i < 10; i++) writes.push(await server.write(i % 2 ? 'busy' : `new.s${i}`, [[i, i]]));
  isOver = true;
  await locker.query('ROLLBACK');
  await Promise.all(questions);
  expect(writes.map(({ status }) => status)).toEqual(writes.map(() => 204));
  // Far less than the second for which a question holds its connection.
  expect(Math.max(...writes.map(({ ms }) => ms))).toBeLessThan(700);
  expect(await server.values('busy')).toEqual([1, 3, 5, 7, 9]);
});

describe.skipIf(!hasPostgres())('with a replica', () => {
  let primary: InstalledPostgres;
  let standby: InstalledPostgres;
  let url: string;
  let replicaUrl: string;
  let replica: pg.Client;
  beforeAll(async () => {
    primary = await startPostgres();
    standby = await primary.startStandby();
  });
  afterAll(async () => {
    await standby.stop();
    await primary.stop();
  });
  beforeEach(async () => {
    const made = await primary.startDatabase();
    await made.stop();
    ({ url } = made);
    replicaUrl = standby.urlOf(new URL(url).pathname.slice(1));
    await vi.waitFor(async () => (await connect(replicaUrl)).end(), { timeout: 20_000 });
    replica = await connect(replicaUrl);
    return async () => {
      await replica.query('SELECT pg_wal_replay_resume()');
      await replica.end();
    };
  });

  const start = () => serve({ DATABASE_URL: url, DATABASE_REPLICA_URLS: ` ${replicaUrl} ` });

  test('what was answered 204 is in every later answer, whatever the replica does', async () => {
    const server = await start();
    const expected: number[] = [];
    for (let i = 0; i < 60; i++) {
      if (i % 15 === 5) await replica.query('SELECT pg_wal_replay_pause()');
      if (i % 15 === 12) await replica.query('SELECT pg_wal_replay_resume()');
      expect((await server.write('s', [[i, i]])).status).toBe(204);
      expected.push(i);
      expect(await server.values('s')).toEqual(expected);
      // A stream of which the replica knows nothing.
      expect((await server.write(`new.s${i}`, [[i, i]])).status).toBe(204);
      expect(await server.values(`new.s${i}`)).toEqual([i]);
      await sleep(20);
    }
    expect(await server.metric('quantumflux_range_reads_total{from="replica"}')).toBeGreaterThan(3);
    expect(await server.metric('quantumflux_range_reads_total{from="primary"}')).toBeGreaterThan(3);
  });

  test('another server has it within a second or so, also without a bus between them', async () => {
    const [one, other] = [await start(), await start()];
    await one.write('a', [[1, 1]]);
    await vi.waitFor(async () => expect((await replica.query('SELECT FROM stream')).rowCount).toBe(1));
    await replica.query('SELECT pg_wal_replay_pause()');
    // The replica knows nothing of it, neither of the stream nor of its point.
    await one.write('b', [[1, 2]]);
    const soon = { timeout: 10_000, interval: 50 };
    await vi.waitFor(async () => expect(await other.values('b')).toEqual([2]), soon);
    await one.write('a', [[2, 3]]);
    await vi.waitFor(async () => expect(await other.values('a')).toEqual([1, 3]), soon);
  });

  test('how far behind it is, and whether it is read, is told', async () => {
    const server = await start();
    const label = `{replica="127.0.0.1:${new URL(replicaUrl).port}"}`;
    await replica.query('SELECT pg_wal_replay_pause()');
    for (let i = 0; i < 3; i++) await server.write('lag', [[i, i]]);
    expect(await server.metric(`quantumflux_replica_lag_entries${label}`)).toBe(3);
    await server.values('lag');
    expect(await server.metric(`quantumflux_replica_up${label}`)).toBe(0);
    await replica.query('SELECT pg_wal_replay_resume()');
    await vi.waitFor(async () => expect(await server.metric(`quantumflux_replica_up${label}`)).toBe(1), 10_000);
    await vi.waitFor(async () => expect(await server.metric(`quantumflux_replica_lag_entries${label}`)).toBe(0));
    expect(server.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
