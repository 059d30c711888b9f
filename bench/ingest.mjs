import { setTimeout as sleep } from 'node:timers/promises';
import { build } from '../scripts/build.mjs';
import { bodies, namesOf } from './ingest/bodies.mjs';
import { cpuSeconds } from './ingest/cpu.mjs';
import { load } from './ingest/load.mjs';
import { commits, copyRows, createManyRows, startInserts } from './ingest/rivals.mjs';
import { startBenchServer } from './ingest/server.mjs';

const MS = 3_000;

/** Each is measured so often, in turn with the others: a machine is not the same for long. What is told is the median. */
const ROUNDS = 3;

/**
 * Writes over HTTP, acknowledged after COMMIT, and beside them, in the same run and on the same PostgreSQL, what that
 * PostgreSQL does without us. Server, database and load share the machine.
 */
export async function measure() {
  await build(['database', 'sdk', 'server']);
  const server = await startBenchServer();
  try {
    // Streams are made once; after that, only points come.
    await load(server, { bodies: [bodies.JSON({ streams: namesOf(1_000), perStream: 1 })], ms: 500 });
    return {
      'durable points per second, 1,000 points a request, 8 connections': await batches(server),
      'acknowledged after COMMIT: 1,000 connections, 1 point a request, each of a stream of its own':
        await singles(server),
    };
  } finally {
    await server.stop();
  }
}

async function batches(server) {
  // Eight agents, each with a hundred streams of its own.
  const agents = (format) =>
    Array.from({ length: 8 }, (_, i) => bodies[format]({ streams: namesOf(100, 100 * i), perStream: 10 }));
  const ours = Object.keys(bodies).map((format) => ({ what: `ours, ${format}`, senders: agents(format) }));
  for (const { senders } of ours) await load(server, { bodies: senders, ms: 1_000 });

  const rows = [];
  const measured = (what, run) => rows.push({ what, ...run });
  for (let round = 0; round < ROUNDS; round++) {
    let perCommit = 1_000;
    for (const { what, senders } of ours) {
      await rested(server);
      const run = await watch(server, () => load(server, { bodies: senders, ms: MS }));
      const points = run.count * 1_000;
      const commitPoints = points / run.commits;
      if (what === 'ours, JSON') perCommit = Math.round(commitPoints);
      measured(what, { ...run, perSecond: run.perSecond * 1_000, points, commitPoints });
    }
    for (const [what, size] of [
      ['COPY into rows with a primary key, 1,000 a commit', 1_000],
      ['COPY into rows with a primary key, as many a commit as ours, JSON', perCommit],
    ]) {
      await rested(server);
      const run = await watch(server, () => copyRows(server.database, { rows: size, ms: MS }));
      measured(what, { ...run, commitPoints: size });
    }
    const created = await watch(server, () => createManyRows(server.database, { rows: 1_000, ms: MS }));
    measured('Prisma createMany into the same rows, 1,000 a commit', { ...created, commitPoints: 1_000 });
  }
  const table = mediansOf(rows);
  const json = table.find(({ what }) => what === 'ours, JSON');
  return table.map(({ what, perSecond, commitPoints, p50, p99, points, ...more }) => ({
    what,
    'points/s': Math.round(perSecond),
    'points/commit': Math.round(commitPoints),
    'p50 ms': round(p50),
    'p99 ms': round(p99),
    'ours, JSON / it': round(json.perSecond / perSecond),
    'server us/point': round((more.serverSeconds * 1e6) / points),
    'database us/point': round((more.databaseSeconds * 1e6) / points),
    refused: more.refused ?? 0,
  }));
}

async function singles(server) {
  const senders = namesOf(1_000).map((name) => bodies.JSON({ streams: [name], perStream: 1 }));
  const one = (options, to = server) => load(to, { bodies: senders, ms: MS, ...options });
  await one({ ms: 2_000 });

  const rows = [];
  const measured = (what, run) => rows.push({ what, ...run });
  for (let round = 0; round < ROUNDS; round++) {
    await rested(server);
    measured('an empty COMMIT, one after the other, alone', await commits(server.database, MS));
    const [open, beside] = await Promise.all([
      watch(server, () => one({ everyMs: 1_000 })),
      commits(server.database, MS),
    ]);
    measured('ours, each connection once a second, with COMMITs beside', withCost(open));
    measured('an empty COMMIT, one after the other, beside that', beside);
    measured('ours, each connection once a second', withCost(await watch(server, () => one({ everyMs: 1_000 }))));
    const closed = await watch(server, () => one({}));
    measured('ours, as soon as it is answered', withCost(closed));
    const halfMs = 1_000 / (closed.perSecond / 2 / senders.length);
    measured('ours, at half of that', withCost(await watch(server, () => one({ everyMs: halfMs }))));
    await rested(server);
    const inserts = await startInserts(server.database);
    await one({ ms: 1_000 }, inserts);
    measured('Express and one INSERT a request, as soon as it is answered', await one({}, inserts));
    await inserts.stop();
  }
  const table = mediansOf(rows);
  const of = (text) => table.find(({ what }) => what.startsWith(text));
  const alone = of('an empty COMMIT, one after the other, alone');
  const beside = of('an empty COMMIT, one after the other, beside');
  const inserts = of('Express');
  return table.map(({ what, perSecond, p50, p99, ...more }) => ({
    what,
    'per second': Math.round(perSecond),
    'to INSERTs': round(perSecond / inserts.perSecond),
    'p50 ms': round(p50),
    'p99 ms': round(p99),
    'p99 / COMMIT alone': round(p99 / alone.p99),
    'p99 / COMMIT beside': round(p99 / beside.p99),
    'server us': round(more.serverUs),
    'database us': round(more.databaseUs),
    refused: more.refused ?? 0,
  }));
}

/** Until the server has compacted what it was sent before, so that nothing is measured beside that. */
async function rested(server) {
  for (let i = 0; i < 40; i++) {
    const before = cpuSeconds(server.pid);
    await sleep(500);
    // Less than a tenth of a core; where nobody tells, once is enough.
    if (!(cpuSeconds(server.pid) - before > 0.05)) return;
  }
}

/** What a load costs: commits, and CPU of the server and the database. */
async function watch(server, run) {
  const costs = async () => ({
    commits: (await server.journal()).commits,
    server: cpuSeconds(server.pid),
    database: cpuSeconds(server.postmaster, { children: true }),
  });
  const before = await costs();
  const result = await run();
  const after = await costs();
  return {
    ...result,
    commits: after.commits - before.commits,
    serverSeconds: after.server - before.server,
    databaseSeconds: after.database - before.database,
  };
}

function withCost(run) {
  return {
    ...run,
    serverUs: (run.serverSeconds * 1e6) / run.count,
    databaseUs: (run.databaseSeconds * 1e6) / run.count,
  };
}

/** Of the rounds of each, the one in the middle by what was done per second and, for latencies, by their own. */
function mediansOf(rows) {
  return [...new Set(rows.map(({ what }) => what))].map((what) => {
    const rounds = rows.filter((row) => row.what === what);
    const names = Object.keys(rounds[0]).filter((name) => typeof rounds[0][name] === 'number');
    const median = (name) => rounds.map((row) => row[name]).sort((a, b) => a - b)[rounds.length >> 1];
    return { what, ...Object.fromEntries(names.map((name) => [name, median(name)])) };
  });
}

function round(value) {
  return value === undefined ? undefined : Number(value.toFixed(2));
}
