import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faults, type Fault } from './faults.ts';
import { startLedger, type Ledger } from './ledger.ts';
import { rounds, seededRandom } from './random.ts';
import { startSystem, type System } from './system.ts';
import { allIsWell, judge, type Verdict } from './verdict.ts';

// What was answered 204 is there, once, whatever was killed when.

const random = seededRandom('kill');
const numbered = Array.from({ length: rounds }, (_, round) => round);

/** One round: writers under load, the fault at a random moment, and everything brought home after it. */
async function endure(system: System, fault: Fault, name: string): Promise<Round> {
  const ledger = startLedger({ url: system.url, name, random });
  await ledger.more(20 + random() * 60);
  // Anywhere in the life of a commit.
  await sleep(random() * 20);
  const start = performance.now();
  await fault(system);
  const faultMs = performance.now() - start;
  await ledger.more(20);
  await ledger.settle();
  return { ledger, faultMs, verdict: await judge(ledger.sent, await system.database()) };
}

type Round = {
  ledger: Ledger;
  /** How long it took until the server was told to be ready again, if we had to start it, in ms. */
  faultMs: number;
  verdict: Verdict;
};

let system: System;
beforeAll(async () => void (system = await startSystem()));
afterAll(() => system.stop());

describe('every 204 is stored, nothing twice, offsets without holes', () => {
  for (const [name, fault] of Object.entries(faults)) {
    test.each(numbered)(`after kill -9 of ${name}, round %i`, async (round) => {
      const { ledger, faultMs, verdict } = await endure(system, fault, `${name.replaceAll(' ', '-')}.r${round}`);
      expect(verdict).toEqual(allIsWell);
      expect([...ledger.refusals.keys()].filter((status) => status !== 503 && status !== 0)).toEqual([]);
      // How long it takes to start is the machine's; from then on everything must come home.
      expect(Math.max(0, ...ledger.delays) - faultMs).toBeLessThan(10_000);
    });
  }
});

describe('a server that breaks its promise is found out by kill -9', () => {
  test.each([
    ['ack-before-commit', 'lost'],
    ['no-dedup', 'twice'],
  ] as const)('%s', async (SABOTAGE, found) => {
    await system.killServer();
    await system.restartServer({ NODE_ENV: 'test', SABOTAGE });
    const { verdict } = await endure(system, faults['the server'], SABOTAGE);
    expect(verdict[found]).not.toEqual([]);
  });
});
