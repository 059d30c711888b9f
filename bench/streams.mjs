import { setTimeout as sleep } from 'node:timers/promises';
import { build } from '../scripts/build.mjs';
import { cpuSeconds, memoryOf } from './ingest/cpu.mjs';
import { sender } from './ingest/load.mjs';
import { startBenchServer } from './ingest/server.mjs';

const AGENTS = 10;
const STREAMS = 1_000;

/** Until the first entries are old enough to be compacted, and steps come as steadily as points do, in s. */
const SETTLE_SECONDS = 90;
const MEASURE_SECONDS = 150;

/** How late the late ones are at most, in ms. */
const LATE_MS = 5 * 60_000;

/**
 * What 10,000 streams cost that get a point each second: CPU of server and database together in the steady state, with
 * compaction, and memory of the server. Once in time, once with every fifth point late.
 */
export async function measure() {
  await build(['database', 'sdk', 'server']);
  const rows = [];
  for (const lateShare of [0, 0.2]) {
    const server = await startBenchServer();
    try {
      rows.push(await steady(server, lateShare));
    } finally {
      await server.stop();
    }
  }
  return { '10,000 streams, 1 point a second each, 10 agents': rows };
}

async function steady(server, lateShare) {
  const agents = await Promise.all(Array.from({ length: AGENTS }, (_, agent) => startAgent(server, agent, lateShare)));
  const costs = async () => ({
    at: performance.now(),
    server: cpuSeconds(server.pid),
    database: cpuSeconds(server.postmaster, { children: true }),
    ...(await server.metrics()),
  });
  await sleep(SETTLE_SECONDS * 1_000);
  const before = await costs();
  await sleep(MEASURE_SECONDS * 1_000);
  const after = await costs();
  const memory = memoryOf(server.pid);
  const refused = (await Promise.all(agents.map((stop) => stop()))).reduce((sum, each) => sum + each, 0);

  const seconds = (after.at - before.at) / 1_000;
  const share = (name) => (100 * (after[name] - before[name])) / seconds;
  return {
    late: `${100 * lateShare}%`,
    'points/s': Math.round((after.ingested - before.ingested) / seconds),
    'compacted points/s': Math.round((after.compacted - before.compacted) / seconds),
    'server, % of a core': round(share('server')),
    'database, % of a core': round(share('database')),
    'together, % of a core': round(share('server') + share('database')),
    'server RSS MB': Math.round(memory.now / 1e6),
    'peak RSS MB': Math.round(memory.peak / 1e6),
    refused,
  };
}

/** Sends its points each second, at a moment of its own; gives back what ends it and tells how many were refused. */
async function startAgent(server, agent, lateShare) {
  const { send, close } = await sender(server);
  let refused = 0;
  const work = async () => {
    const now = Math.floor(Date.now() / 1_000) * 1_000;
    const streams = Array.from({ length: STREAMS }, (_, i) => {
      const time = Math.random() < lateShare ? now - 1_000 * Math.ceil((Math.random() * LATE_MS) / 1_000) : now;
      return {
        stream: `bench.s${agent * STREAMS + i}`,
        points: [[time, Math.round(2_000 + 500 * Math.random()) / 100]],
      };
    });
    if ((await send({ path: '/api/v1/points', type: 'application/json', body: JSON.stringify({ streams }) })) !== 204) {
      refused += 1;
    }
  };
  await sleep((1_000 / AGENTS) * agent);
  let working = work();
  const timer = setInterval(() => (working = working.then(work)), 1_000);
  return async () => {
    clearInterval(timer);
    await working;
    close();
    return refused;
  };
}

const round = (value) => Number(value.toFixed(1));
