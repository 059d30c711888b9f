import { ByteWriter, writeBlock } from '@quantumflux/sdk/protocol';
import pg from 'pg';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createJournalStore } from '../../server/src/streams/journal.store.ts';
import { partitionOf } from '../../server/src/streams/stream.ts';
import { get, post, SECRET_KEY } from '../server.ts';
import { startCrowd, type Crowd } from './crowd.ts';
import { rounds } from './random.ts';
import { startSystem, type System } from './system.ts';

// Everybody who looks comes back in the same moment, because the server was killed: nobody may lose or double a point, the
// database must not feel how many they are, and the server must serve others meanwhile.

/** Viewers: ten thousand at night. */
const CROWD = rounds > 3 ? 10_000 : 400;

const STREAMS = ['storm.s0', 'storm.s1', 'storm.s2'];

/** Commits that nobody saw live, because no server was there. */
const MISSED = 200;

/** By when all have to be back, in ms. */
const BACK_MS = 60_000;

/** How long anything else may take, in ms. */
const PATIENCE_MS = 120_000;

let system: System;
let written = 0;
beforeAll(async () => void (system = await startSystem()));
afterAll(() => system.stop());

/** The next number to each stream, through the server. */
async function write(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const points = [[Date.now() + written / 1_000, written]];
    const answer = await post(system.url, { streams: STREAMS.map((stream) => ({ stream, points })) });
    expect(answer.status).toBe(204);
    written += 1;
  }
}

/** The same as another server would, so that this one hears of it from the journal only. Returns the number of rows. */
async function writeElsewhere(count: number, ids: readonly number[]): Promise<number> {
  const pool = new pg.Pool({ connectionString: (await system.database()).url, max: 1 });
  const journal = createJournalStore(pool);
  const partitions = [...new Set(ids.map(partitionOf))];
  for (let i = 0; i < count; i++) {
    const time = Date.now() + written / 1_000;
    const entries = partitions.map((partition) => {
      const out = new ByteWriter();
      for (const id of ids.filter((each) => partitionOf(each) === partition)) {
        writeBlock(out, id, { times: Float64Array.of(time), values: Float64Array.of(written) });
      }
      return { partition, payload: out.toBytes(), tMin: time, tMax: time };
    });
    await journal.append(entries);
    written += 1;
  }
  await pool.end();
  return count * partitions.length;
}

async function metric(name: string): Promise<number> {
  const text = await (await get(system.url, '/metrics')).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  if (!line) throw new Error(`there is no metric ${name}`);
  return Number(line.slice(name.length + 1));
}

/** How late the loop of the server was while something went on (p99, in ms), without what the machine is late anyway. */
async function lateness(work: () => Promise<void>): Promise<number> {
  const ours = monitorEventLoopDelay({ resolution: 10 });
  // Counted from one reading to the next.
  await metric('nodejs_eventloop_lag_p99_seconds');
  ours.enable();
  await work();
  ours.disable();
  const theirs = await metric('nodejs_eventloop_lag_p99_seconds');
  return theirs * 1_000 - ours.percentile(99) / 1e6;
}

/** Asks for health all the time; how long the slowest answer took, in ms. Anything but 200 throws. */
function watchHealth(): () => Promise<number> {
  let isOver = false;
  let slowest = 0;
  const watching = (async () => {
    for (; !isOver; await sleep(100)) {
      const start = performance.now();
      expect((await get(system.url, '/health')).status).toBe(200);
      slowest = Math.max(slowest, performance.now() - start);
    }
  })();
  watching.catch(() => undefined);
  return async () => {
    isOver = true;
    await watching;
    return slowest;
  };
}

/** The server is killed, others write meanwhile, it is started again, and everybody comes back. */
async function storm(crowd: Crowd, count: number, ids: readonly number[], env?: Record<string, string>) {
  await system.killServer();
  const rows = await writeElsewhere(MISSED, ids);
  await system.restartServer(env);
  const health = watchHealth();
  let backMs = 0;
  let isWriting = true;
  const lateMs = await lateness(async () => {
    const writing = (async () => {
      for (; isWriting; await sleep(1_000)) await write(1);
    })();
    backMs = await crowd.until(({ live }) => live === count, PATIENCE_MS);
    isWriting = false;
    await writing;
  });
  await crowd.until(({ lowest, wrong }) => lowest === written || wrong.length > 0, PATIENCE_MS);
  return { rows, backMs, lateMs, healthMs: await health(), report: await crowd.report() };
}

async function idsOf(): Promise<number[]> {
  const { streams } = (await (await get(system.url, '/api/v1/streams?select=storm.*')).json()) as {
    streams: { id: number }[];
  };
  return streams.map(({ id }) => id);
}

test(
  `${CROWD} viewers who come back at once lose nothing, and the journal is read once for all of them`,
  { timeout: 600_000 },
  async () => {
    await write(20);
    const ids = await idsOf();
    const restBytes = await metric('process_resident_memory_bytes');
    const options = { url: system.url, key: SECRET_KEY, selector: 'storm.*', subscribes: false };
    const crowd = await startCrowd({ count: CROWD, spreadMs: CROWD * 4, options });
    try {
      await crowd.until(({ connected }) => connected === CROWD, PATIENCE_MS);
      const idleBytes = (await metric('process_resident_memory_bytes')) - restBytes;
      const firstLateMs = await lateness(async () => {
        crowd.subscribe();
        await crowd.until(({ live }) => live === CROWD, PATIENCE_MS);
      });
      await write(5);
      await crowd.until(({ lowest }) => lowest === written, PATIENCE_MS);

      const { rows, backMs, lateMs, healthMs, report } = await storm(crowd, CROWD, ids);
      console.info(
        `storm of ${CROWD}: all back after ${Math.round(backMs)} ms, loop late by ${Math.round(lateMs)} ms (p99), ` +
          `slowest health ${Math.round(healthMs)} ms, ${report.refused} told to come back; first subscriptions: loop ` +
          `late by ${Math.round(firstLateMs)} ms; ${Math.round(idleBytes / CROWD)} bytes per idle connection`,
      );
      expect(report.wrong).toEqual([]);
      expect(report).toMatchObject({ resyncs: 0, resumed: CROWD, lowest: written, fewest: STREAMS.length });
      expect(await metric('quantumflux_journal_backfill_rows_total')).toBe(rows);
      expect(backMs).toBeLessThan(BACK_MS);
      expect(lateMs).toBeLessThan(200);
    } finally {
      await crowd.stop();
    }
  },
);

test('a server that resumes without what was missed is found out: skip-backfill', { timeout: 300_000 }, async () => {
  await write(1);
  const ids = await idsOf();
  const crowd = await startCrowd({
    count: 20,
    spreadMs: 0,
    options: { url: system.url, key: SECRET_KEY, selector: 'storm.*' },
  });
  try {
    await crowd.until(({ live, lowest }) => live === 20 && lowest === written, PATIENCE_MS);
    const { report } = await storm(crowd, 20, ids, { NODE_ENV: 'test', SABOTAGE: 'skip-backfill' });
    expect(report.wrong).not.toEqual([]);
  } finally {
    await crowd.stop();
  }
});
