import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { get, post } from '../server.ts';
import { startLedger } from './ledger.ts';
import { startSystem, type System } from './system.ts';
import { judge, type Verdict } from './verdict.ts';
import { startYardstick } from './yardstick.ts';

// A PostgreSQL that stands still is worse than one that is gone: it takes everything and answers nothing.

let system: System;
beforeAll(async () => void (system = await startSystem()));
afterAll(() => system.stop());

/** More than there are connections to the database. */
const CROWD = 24;

/** Longest wait for an answer that does not come, in ms. */
const PATIENCE_MS = 4_000;

/** What the server waits for its database at most (ingest/patience.ts), in ms. */
const SERVER_WAITS_MS = 1_500;

/** A write as its sender sees it: status 0 when there was no answer; the time until then in ms. */
type Answer = { status: number; ms: number; retryAfter: string | null };

async function write(url: string, body: object): Promise<Answer> {
  const start = performance.now();
  const answer = await Promise.race([post(url, body), sleep(PATIENCE_MS)]);
  const ms = performance.now() - start;
  return answer
    ? { status: answer.status, ms, retryAfter: answer.headers.get('retry-after') }
    : { status: 0, ms, retryAfter: null };
}

const slowest = (answers: Answer[]) => Math.max(...answers.map(({ ms }) => ms));

/** Streams that are known, streams that are new, and more of them than there are connections. */
function crowd(url: string, name: string): Promise<Answer[]> {
  return Promise.all(
    Array.from({ length: CROWD }, (_, i) =>
      write(
        url,
        i % 2
          ? { stream: 'ledger.freeze.w0', points: [[i, i]] }
          : { stream: `${name}.s${i}`, points: [[Date.now(), 1]] },
      ),
    ),
  );
}

type Endured = {
  answers: Answer[];
  /** The slowest answer, without what this machine took of it, in ms. */
  slowestMs: number;
  /** From the end of the freeze to the first write that was stored, in ms. */
  thawedMs: number;
  /** Questions that the database is still busy with, long after. */
  stuck: unknown[];
  verdict: Verdict;
};

async function endure(name: string): Promise<Endured> {
  const database = await system.database();
  const yardstick = await startYardstick(SERVER_WAITS_MS);
  const ledger = startLedger({ url: system.url, name: 'freeze' });
  await ledger.more(20);
  const answers: Answer[] = [];
  let slowestMs = 0;
  database.freeze();
  try {
    // Twice, because the second time every connection hangs already.
    for (const round of [0, 1]) {
      const [ours, theirs] = await Promise.all([crowd(system.url, `${name}.r${round}`), crowd(yardstick.url, name)]);
      answers.push(...ours);
      slowestMs = Math.max(slowestMs, slowest(ours) - (slowest(theirs) - SERVER_WAITS_MS));
    }
  } finally {
    database.thaw();
    yardstick.stop();
  }
  const thawed = performance.now();
  while ((await write(system.url, { stream: 'thawed', points: [[Date.now(), 1]] })).status !== 204) await sleep(50);
  const thawedMs = performance.now() - thawed;
  await ledger.settle();
  const stuck = await database.query(`SELECT pid FROM pg_stat_activity
    WHERE application_name = 'quantumflux' AND state <> 'idle' AND now() - state_change > interval '3 s'`);
  return { answers, slowestMs, thawedMs, stuck, verdict: await judge(ledger.sent, database) };
}

test('a PostgreSQL that stands still is told within 2 s, and forgotten within 5 s of its return', async () => {
  const { answers, slowestMs, thawedMs, stuck, verdict } = await endure('new');
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  expect(new Set(answers.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['1']));
  expect(slowestMs).toBeLessThan(2_000);
  expect(thawedMs).toBeLessThan(5_000);

  // No connection stays hung: as many questions at a time as there are connections, all answered.
  const questions = await Promise.all(Array.from({ length: 20 }, () => get(system.url, '/api/v1/streams')));
  expect(questions.map(({ status }) => status)).toEqual(questions.map(() => 200));
  expect(stuck).toEqual([]);

  // The points of the crowd share the stream of a writer; they are older than any of its own.
  const { unasked, ...rest } = verdict;
  expect(rest).toEqual({ lost: [], twice: [], holes: [] });
  expect(unasked.filter((name) => Number(name.split(' ')[1]) > CROWD)).toEqual([]);
});

test('a server without patience is found out: wait-forever', async () => {
  await system.killServer();
  await system.restartServer({ NODE_ENV: 'test', SABOTAGE: 'wait-forever' });
  const { answers, slowestMs } = await endure('impatient');
  expect(answers.filter(({ status }) => status === 0)).not.toEqual([]);
  expect(slowestMs).toBeGreaterThan(2_000);
});
