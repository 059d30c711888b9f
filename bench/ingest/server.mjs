import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const program = join(import.meta.dirname, '../../server/dist/main.js');
const key = `qf_sk_${'bench'.repeat(10)}`;

/**
 * The built server as its user runs it, on an embedded PostgreSQL with its usual settings, on this machine alone. `pin` are
 * words before the command, `taskset -c 0`, which PostgreSQL then is under too.
 */
export async function startBenchServer({ pin = [], port: wanted, env = {} } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'quantumflux-bench-'));
  // PostgreSQL runs as an account of its own when this is run by root.
  await chmod(dir, 0o755);
  const port = wanted ?? (await freePort());
  // To look inside: BENCH_NODE_ARGS="--cpu-prof --cpu-prof-dir=/tmp/profiles".
  const nodeArgs = process.env.BENCH_NODE_ARGS?.split(' ') ?? [];
  const [command, ...args] = [...pin, process.execPath, ...nodeArgs, program];
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: '',
      REDIS_URL: '',
      DATA_DIR: dir,
      PORT: String(port),
      BOOTSTRAP_SECRET_KEY: key,
      HOST_METRICS: 'off',
      ...env,
    },
  });
  // PostgreSQL goes with it, when this ends before its time.
  const endWithUs = () => child.kill('SIGTERM');
  process.once('exit', endWithUs);
  const stop = async () => {
    process.off('exit', endWithUs);
    const exit = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await exit;
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await ready(`http://127.0.0.1:${port}/ready`, child);
  } catch (error) {
    await stop();
    throw error;
  }
  const home = join(dir, 'database');
  const database = await rivalDatabase(await addressOf(home));
  return {
    port,
    key,
    stop,
    pid: child.pid,
    postmaster: await postmasterOf(home),
    /** The address of a database of its own for the rivals, on the same PostgreSQL. */
    database,
    /** The address of the server's own database, for another server beside it. */
    ownDatabase: await addressOf(home),
    /** Points that were ingested and compacted since its start. */
    async metrics() {
      const valueOf = await metricsOf(port);
      return {
        ingested: valueOf('quantumflux_points_ingested_total'),
        compacted: valueOf('quantumflux_points_compacted_total'),
      };
    },
    /** How many commits the journal has seen, its rows, and their payloads' bytes. */
    async journal() {
      const [row] = await query(
        await addressOf(home),
        'SELECT max("offset") AS commits, count(*) AS rows, sum(octet_length(payload)) AS bytes FROM journal',
      );
      return { commits: Number(row.commits), rows: Number(row.rows), bytes: Number(row.bytes) };
    },
  };
}

/** What a server tells of itself by name; NaN for what it does not. Some of it begins anew whenever it is asked. */
export async function metricsOf(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** Until a server is there. */
export async function ready(url, child) {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
    if (child.exitCode !== null) throw new Error('the server gave up');
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
  }
  throw new Error('the server did not become ready');
}

async function postmasterOf(home) {
  return Number.parseInt(await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8'), 10);
}

async function addressOf(home) {
  const [, , , port] = (await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
  const password = (await readFile(join(home, 'password'), 'utf8')).trim();
  return `postgres://quantumflux:${password}@127.0.0.1:${port}/quantumflux`;
}

async function rivalDatabase(address) {
  await query(address, 'CREATE DATABASE rivals');
  const url = new URL(address);
  url.pathname = 'rivals';
  return url.href;
}

async function query(address, sql) {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  return port;
}
