import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { get, post } from '../server.ts';
import { startLedger } from './ledger.ts';
import { startSystem, type System } from './system.ts';
import { allIsWell, judge } from './verdict.ts';

// A PostgreSQL that stands still is worse than one that is gone: it takes everything and answers nothing.

let system: System;
beforeAll(async () => void (system = await startSystem()));
afterAll(() => system.stop());

/** More than there are connections to the database. */
const CROWD = 24;

/** A write on its own: its status, and how long the answer took in ms. */
async function write(body: object): Promise<{ status: number; ms: number; retryAfter: string | null }> {
  const start = performance.now();
  const { status, headers } = await post(system.url, body);
  return { status, ms: performance.now() - start, retryAfter: headers.get('retry-after') };
}

test('a PostgreSQL that stands still is told within 2 s, and forgotten within 5 s of its return', async () => {
  const database = await system.database();
  const ledger = startLedger({ url: system.url, name: 'freeze' });
  await ledger.more(20);
  database.freeze();
  try {
    // Streams that are known, streams that are new, and more of them than there are connections; then again, with every
    // connection hanging already.
    for (const round of [0, 1]) {
      const points = [[Date.now(), 1]];
      const answers = await Promise.all(
        Array.from({ length: CROWD }, (_, i) =>
          write({ stream: i % 2 ? 'ledger.freeze.w0' : `new.r${round}.s${i}`, points: i % 2 ? [[i, i]] : points }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
      expect(new Set(answers.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['1']));
      expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(2_000);
    }
  } finally {
    database.thaw();
  }
  const thawed = performance.now();
  while ((await write({ stream: 'thawed', points: [[Date.now(), 1]] })).status !== 204) await sleep(50);
  expect(performance.now() - thawed).toBeLessThan(5_000);
  await ledger.settle();

  // No connection stays hung: as many questions at a time as there are connections, all answered.
  const answers = await Promise.all(Array.from({ length: 20 }, () => get(system.url, '/api/v1/streams')));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const stuck = await database.query(`SELECT pid FROM pg_stat_activity
    WHERE application_name = 'quantumflux' AND state <> 'idle' AND now() - state_change > interval '3 s'`);
  expect(stuck).toEqual([]);

  // The points of the crowd share the stream of a writer; they are older than any of its own.
  const { unasked, ...verdict } = await judge(ledger.sent, database);
  expect(verdict).toEqual({ lost: [], twice: [], holes: [] });
  expect(unasked.filter((name) => Number(name.split(' ')[1]) > CROWD)).toEqual(allIsWell.unasked);
});
