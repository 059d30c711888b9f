import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faults, type Fault } from './faults.ts';
import { observe, type Observed } from './observed.ts';
import { rounds, seededRandom } from './random.ts';
import { startSystem, type System } from './system.ts';

// Compaction moves every point several times. Nobody who asks may notice, whatever is killed when.

const random = seededRandom('compaction');
const numbered = Array.from({ length: rounds }, (_, round) => round);
const environment = { NODE_ENV: 'test', COMPACTION: 'eager' };

let system: System;
beforeAll(async () => void (system = await startSystem(environment)));
afterAll(() => system.stop());

/** One round: writers and readers, the fault at a random moment, and everything compacted and compared after it. */
async function endure(fault: Fault, name: string): Promise<Observed> {
  const observed = observe({ url: system.url, name, random });
  while (observed.answers < 8) await sleep(10);
  await sleep(random() * 300);
  await fault(system);
  const before = observed.answers;
  while (observed.answers < before + 8) await sleep(10);
  await observed.settle(() => system.database());
  return observed;
}

describe('late points and repeated times are answered as a plain list would, before, during and after', () => {
  for (const [name, fault] of Object.entries(faults)) {
    test.each(numbered)(`kill -9 of ${name} while it compacts, round %i`, async (round) => {
      const { wrong } = await endure(fault, `${name.replaceAll(' ', '-')}.r${round}`);
      expect(wrong).toEqual([]);
    });
  }
});

describe('a compactor that breaks its promise is found out', () => {
  test.each(['advance-before-chunks', 'forget-late'])('%s', async (SABOTAGE) => {
    await system.killServer();
    await system.restartServer({ ...environment, SABOTAGE });
    const { wrong } = await endure(faults['the server'], SABOTAGE);
    expect(wrong).not.toEqual([]);
  });
});
