import { MAX_WAITING_BYTES } from '@quantumflux/sdk/protocol';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openFrozen } from '../../server/src/live/frozen.testing.ts';
import { createDatabase } from '../postgres.ts';
import { SECRET_KEY, startServer, temporaryFolder } from '../server.ts';
import { createFlood } from './flood.ts';
import { startLedger, type Ledger } from './ledger.ts';
import { rounds, seededRandom } from './random.ts';
import { allIsShown } from './shown.ts';
import type { Report, Task } from './viewers.process.ts';
import { startViewers, type Viewers } from './viewers.ts';

// Connections that take nothing cost the server a bounded amount of memory, and the others nothing.

const random = seededRandom('readers');
const isNight = rounds > 3;

/** Who takes nothing any more, who stands still for a while, and who is well. */
const crowd = isNight ? { frozen: 100, slow: 10, healthy: 500 } : { frozen: 50, slow: 2, healthy: 20 };

/** As many points as fill the buffers of the system between us and the server, and more than the server may keep. */
const FLOOD_POINTS = 480_000;

/** What may wait for all who take nothing (F4), and what else the server holds and is done with, in bytes. */
const ROOM_BYTES = (crowd.frozen + crowd.slow) * MAX_WAITING_BYTES + 48 * 1_024 * 1_024;

/** Longer than the server waits for one that takes nothing: it is ended and comes back. */
const SLOW_MS = isNight ? 40_000 : 0;

const program = fileURLToPath(new URL('./viewers.process.ts', import.meta.url));

async function startSlow(task: Task): Promise<ChildProcess> {
  const child = fork(program, [JSON.stringify(task)], {
    execArgv: ['--conditions=quantumflux-source', '--import', 'tsx'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

/** Bytes outside of the heap of JavaScript, where all that waits to be sent is; without most of what is only not collected yet. */
async function bytesOutside(url: string): Promise<number> {
  const looks: number[] = [];
  for (let i = 0; i < 10; i++) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    looks.push(Number(/^nodejs_external_memory_bytes (\S+)/m.exec(metrics)![1]));
    await sleep(150);
  }
  return Math.min(...looks);
}

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

async function endure(env: Record<string, string> = {}) {
  const folder = await temporaryFolder();
  const server = await startServer({
    dataDir: folder.path,
    env: {
      DATABASE_URL: await createDatabase({ template: 'migrated' }),
      TOKEN_SECRET: 't'.repeat(40),
      PASSWORD_PEPPER: 'p'.repeat(40),
      ...env,
    },
  });
  onTestFinished(async () => {
    await server.kill();
    await folder.remove();
  });
  const { url } = server;
  const ledger: Ledger = startLedger({ url, name: 'readers', writers: 4, restMs: 20, random });
  const healthy: Viewers = startViewers({ url, selector: 'ledger.readers.*', count: crowd.healthy });
  const slow = await startSlow({ url, stream: 'flood', count: crowd.slow });
  await healthy.live();
  const frozen = await Promise.all(
    Array.from({ length: crowd.frozen }, (_, i) =>
      openFrozen(url, { key: SECRET_KEY, selector: `flood{frozen!="${i}"}` }),
    ),
  );
  onTestFinished(() => frozen.forEach(({ close }) => close()));
  const flood = createFlood(url, 'flood');

  /** How late the healthy are while a part of the flood passes, and how much memory that took, in ms and bytes. */
  async function pour(points: number) {
    const from = ledger.sent.length;
    const before = await bytesOutside(url);
    await flood.pour(points);
    const bytes = (await bytesOutside(url)) - before;
    const sent = ledger.sent.slice(from, -4);
    await healthy.caughtUp(sent);
    return { lagMs: median(healthy.lags(sent)), bytes };
  }

  // So little that nobody is behind yet.
  const calm = await pour(40_000);
  slow.kill('SIGSTOP');
  const full = await pour(FLOOD_POINTS);

  /** Who stood still goes on, and everything comes home. */
  async function settle() {
    await sleep(SLOW_MS);
    slow.kill('SIGCONT');
    await flood.pour(4_000);
    const reported = once(slow, 'message') as Promise<[Report]>;
    slow.send(flood.count);
    const [report] = await reported;
    await ledger.settle();
    return { report, outages: healthy.outages, verdict: await healthy.settle(ledger.sent) };
  }

  onTestFinished(async () => {
    healthy.stop();
    await ledger.settle();
  });
  return { calm, full, settle };
}

/** It is much that is written and read. */
const options = { timeout: 180_000 };

test(
  '[F4] those who take nothing take nothing from others, cost little, and are told what they missed',
  options,
  async () => {
    const { calm, full, settle } = await endure();
    const { report, outages, verdict } = await settle();
    expect(full.bytes).toBeLessThan(ROOM_BYTES);
    expect(full.lagMs).toBeLessThan(3 * calm.lagMs + 50);
    expect(outages).toEqual([]);
    expect(verdict).toEqual(allIsShown);

    expect(report.verdict).toEqual(allIsShown);
    expect(report.skipped > 0 || report.reconnects > 0).toBe(true);
    expect(report.miscounted).toBe(0);
  },
);

test('a server that lets everything wait is found out: unbounded', options, async () => {
  const { full } = await endure({ NODE_ENV: 'test', SABOTAGE: 'unbounded' });
  expect(full.bytes).toBeGreaterThan(ROOM_BYTES);
});
