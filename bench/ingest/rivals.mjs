import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { build } from 'esbuild';
import pg from 'pg';
import { copy, copyBuffer } from './copy.mjs';
import { percentiles } from './load.mjs';

const root = join(import.meta.dirname, '../..');
const STREAMS = 100;
const TABLE = `DROP TABLE IF EXISTS points;
  CREATE TABLE points (stream int, time timestamptz(3), value double precision NOT NULL, PRIMARY KEY (stream, time))`;

/** The emptiest transaction that waits for the disk: a message in the log that nobody reads. */
export async function commits(url, ms) {
  return withClients(url, 1, ([client]) =>
    repeat(ms, 1, () => client.query("SELECT pg_logical_emit_message(true, '', '')")),
  );
}

/** Answers one-point writes with one INSERT each, over HTTP, with Express and a pool of ten connections. */
export async function startInserts(url) {
  await withClients(url, 1, ([client]) => client.query(TABLE));
  const child = fork(join(import.meta.dirname, 'insert-server.mjs'), {
    env: { ...process.env, DATABASE_URL: url, NODE_ENV: 'production' },
  });
  const [{ port }] = await once(child, 'message');
  const stop = async () => {
    const exit = once(child, 'exit');
    child.kill();
    await exit;
  };
  return { port, pid: child.pid, key: 'none', stop };
}

/** COPY in its binary format, from columns, over one connection. */
export async function copyRows(url, { rows, ms }) {
  return withClients(url, 1, async ([client]) => {
    await client.query(TABLE);
    const next = batches(rows);
    return repeat(ms, rows, () => copy(client, 'COPY points FROM STDIN BINARY', copyBuffer(next())));
  });
}

/** Prisma's way to store many rows, over one connection. */
export async function createManyRows(url, { rows, ms }) {
  await withClients(url, 1, ([client]) => client.query(TABLE));
  const { PrismaClient, close } = await pointsClient();
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  const next = batches(rows);
  try {
    return await repeat(ms, rows, () =>
      prisma.points.createMany({
        data: next().map(([stream, time, value]) => ({ stream, time: new Date(time), value })),
      }),
    );
  } finally {
    await prisma.$disconnect();
    await pool.end();
    close();
  }
}

/** Rows as our requests bring them: the same number of points of each stream, newer ones each time. */
function batches(rows) {
  let time = Date.now();
  return () => {
    time += Math.ceil(rows / STREAMS) * 100;
    return Array.from({ length: rows }, (_, i) => [
      i % STREAMS,
      time + Math.floor(i / STREAMS) * 100,
      20 + ((i * 7_919) % 10_000) / 100,
    ]);
  };
}

async function repeat(ms, each, step) {
  const durations = [];
  const start = performance.now();
  for (let now = start; now < start + ms;) {
    await step();
    const before = now;
    now = performance.now();
    durations.push(now - before);
  }
  const seconds = (performance.now() - start) / 1_000;
  const points = durations.length * each;
  return { perSecond: points / seconds, points, ...percentiles(durations) };
}

async function withClients(url, count, work) {
  const clients = Array.from({ length: count }, () => new pg.Client({ connectionString: url }));
  try {
    await Promise.all(clients.map((client) => client.connect()));
    return await work(clients);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** A Prisma client for that one table, generated for the occasion. */
async function pointsClient() {
  const folder = join(root, 'node_modules', `.bench-ingest-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const close = () => rmSync(folder, { recursive: true, force: true });
  try {
    const schema = readFileSync(join(import.meta.dirname, 'points.prisma'), 'utf8');
    const generated = join(folder, 'client');
    const output = schema.replace('"prisma-client"\n', `"prisma-client"\n  output = ${JSON.stringify(generated)}\n`);
    writeFileSync(join(folder, 'points.prisma'), output);
    const cli = [join(root, 'prisma/prisma.mjs'), 'generate', '--schema', join(folder, 'points.prisma')];
    const { status, stderr } = spawnSync(process.execPath, cli, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    const outfile = join(folder, 'client.mjs');
    const entryPoints = [join(generated, 'client.ts')];
    await build({
      entryPoints,
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'error',
    });
    const { PrismaClient } = await import(pathToFileURL(outfile).href);
    return { PrismaClient, close };
  } catch (error) {
    close();
    throw error;
  }
}
