import { build } from '../scripts/build.mjs';
import { load, pointsBody } from './ingest/load.mjs';
import { commits, copyRows, createManyRows, insertRows } from './ingest/rivals.mjs';
import { startBenchServer } from './ingest/server.mjs';

const MS = 4_000;

/**
 * Writes over HTTP, acknowledged after COMMIT, and beside them, in the same run and on the same PostgreSQL, what that
 * PostgreSQL does without us. Server, database and load share the machine.
 */
export async function measure() {
  await build(['database', 'sdk', 'server']);
  const server = await startBenchServer();
  try {
    return {
      '1,000 connections, 1 point a request, acknowledged after COMMIT': await singles(server),
      'durable points per second, 1,000 points a request, 8 connections': await batches(server),
    };
  } finally {
    await server.stop();
  }
}

async function singles(server) {
  const one = (options) =>
    load(server, { connections: 1_000, body: pointsBody({ streams: 1, perStream: 1 }), ...options });
  await one({ ms: 1_000 });
  const commit = await commits(server.database, MS);
  const rows = [{ what: 'an empty COMMIT, one after the other', ...commit }];
  for (const everyMs of [1_000, 500]) {
    rows.push({ what: `ours, each connection every ${everyMs} ms`, ...(await one({ ms: MS, everyMs })) });
  }
  rows.push({ what: 'ours, each connection as soon as it is answered', ...(await one({ ms: MS })) });
  rows.push({ what: 'one INSERT a request, 10 connections', ...(await insertRows(server.database, MS)) });
  return rows.map(({ what, perSecond, p50, p99, refused }) => ({
    what,
    'per second': Math.round(perSecond),
    'p50 ms': round(p50),
    'p99 ms': round(p99),
    'p99 / COMMIT': round(p99 / commit.p99),
    refused: refused ?? 0,
  }));
}

async function batches(server) {
  const body = pointsBody({ streams: 100, perStream: 10 });
  await load(server, { connections: 8, body, ms: 1_000 });
  const before = await server.journal();
  const ours = await load(server, { connections: 8, body, ms: MS });
  const after = await server.journal();
  const copied = await copyRows(server.database, { rows: 1_000, ms: MS });
  const created = await createManyRows(server.database, { rows: 1_000, ms: MS });
  const points = ours.perSecond * 1_000;
  const rows = [
    { what: 'ours, HTTP and JSON', perSecond: points, p50: ours.p50, p99: ours.p99, refused: ours.refused },
    { what: 'COPY into rows with a primary key, 1,000 a commit', ...copied },
    { what: 'Prisma createMany into the same rows, 1,000 a commit', ...created },
  ];
  console.log(
    `\n${round((ours.count * 1_000) / (after.commits - before.commits))} points a commit, ${round((after.bytes - before.bytes) / (ours.count * 1_000))} bytes a point in the journal`,
  );
  return rows.map(({ what, perSecond, p50, p99, refused }) => ({
    what,
    'points/s': Math.round(perSecond),
    'p50 ms': round(p50),
    'p99 ms': round(p99),
    'ours / it': round(points / perSecond),
    refused: refused ?? 0,
  }));
}

function round(value) {
  return Number(value.toFixed(2));
}
