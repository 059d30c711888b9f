import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLedger } from './ledger.ts';
import { rounds, seededRandom } from './random.ts';
import { allIsShown } from './shown.ts';
import { startSystem, type System } from './system.ts';
import { startViewers } from './viewers.ts';

// A PostgreSQL that stands still makes viewers late. They stay connected, and miss nothing.

const random = seededRandom('late');

/** In every run of the tests; and at night longer than a client believes in a silent connection, in ms. */
const FROZEN_MS = rounds > 3 ? 20_000 : 3_000;

let system: System;
beforeAll(async () => void (system = await startSystem()));
afterAll(() => system.stop());

test('while PostgreSQL stands still viewers stay, others come, and all are whole when it goes on', async () => {
  const ledger = startLedger({ url: system.url, name: 'late', writers: 4, restMs: 5, random });
  const watch = { url: system.url, selector: 'ledger.late.*' };
  const early = startViewers({ ...watch, count: 4 });
  await early.live();
  await ledger.more(50);

  const database = await system.database();
  database.freeze();
  const late = startViewers({ ...watch, count: 2, client: { reconnect: { minMs: 100, maxMs: 1_000 } } });
  try {
    await sleep(FROZEN_MS);
  } finally {
    database.thaw();
  }
  // It did stand still. (Who comes may be live all the same, from what the server has in memory.)
  expect(ledger.refusals.get(503)).toBeGreaterThan(0);
  await ledger.more(50);
  await ledger.settle();
  await Promise.all([early.caughtUp(ledger.sent), late.caughtUp(ledger.sent)]);
  // As if nothing had been.
  expect(early.states).toEqual(Array(4).fill(['connecting', 'live']));
  expect(early.diagnostics().map(({ reconnects }) => reconnects)).toEqual([0, 0, 0, 0]);
  expect(await early.settle(ledger.sent)).toEqual(allIsShown);
  expect(await late.settle(ledger.sent)).toEqual(allIsShown);
});
