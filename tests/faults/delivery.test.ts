import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGate } from '../gate.ts';
import { hasNginx } from '../nginx.ts';
import { hasRedis } from '../redis.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { startLedger, type Ledger } from './ledger.ts';
import { rounds, seededRandom } from './random.ts';
import { allIsShown } from './shown.ts';
import { startViewers, type Viewers } from './viewers.ts';

// Viewers of three servers behind nginx see every point once, in order, or are told, whatever happens to the servers and
// to the way to them.

const random = seededRandom('delivery');

/** Each once in every run of the tests, more often at night. */
const numbered = Array.from({ length: Math.ceil(rounds / 5) }, (_, round) => round);

/** How soon these clients try again, in ms. */
const reconnect = { minMs: 50, maxMs: 500 };

describe.skipIf(!hasNginx() || !hasRedis())('viewers of three servers', () => {
  let cluster: Cluster;
  beforeAll(async () => void (cluster = await startCluster()));
  afterAll(() => cluster.stop());

  /** Writers and viewers, all live. */
  async function begin(name: string, url = cluster.url, count = 6): Promise<{ ledger: Ledger; viewers: Viewers }> {
    const ledger = startLedger({ url: cluster.url, name, writers: 6, restMs: 5, random });
    const viewers = startViewers({ url, selector: `ledger.${name}.*`, count, client: { reconnect } });
    await viewers.live();
    await ledger.more(20 + random() * 40);
    return { ledger, viewers };
  }

  test.each(numbered)('one of which is killed, round %i', async (round) => {
    const { ledger, viewers } = await begin(`one.r${round}`);
    await cluster.restart(Math.floor(random() * 3), 'kill');
    await ledger.more(30);
    await ledger.settle();
    await viewers.caughtUp(ledger.sent);
    expect(viewers.outages).not.toEqual([]);
    expect(await viewers.settle(ledger.sent)).toEqual(allIsShown);
  });

  test.each(numbered)('all of which are killed, round %i', async (round) => {
    const { ledger, viewers } = await begin(`all.r${round}`);
    await Promise.all(cluster.urls.map((_, server) => cluster.restart(server, 'kill')));
    await ledger.more(30);
    await ledger.settle();
    await viewers.caughtUp(ledger.sent);
    expect(viewers.outages.length).toBeGreaterThanOrEqual(6);
    expect(await viewers.settle(ledger.sent)).toEqual(allIsShown);
  });

  test.each(numbered)('a third of whom is cut off all the time, round %i', async (round) => {
    const gate = await startGate(cluster.url);
    const { ledger, viewers } = await begin(`flap.r${round}`, cluster.url);
    const flapping = startViewers({
      url: gate.url,
      selector: `ledger.flap.r${round}.*`,
      count: 3,
      client: { reconnect },
    });
    for (let cuts = 0; cuts < 8; cuts++) {
      await sleep(random() * 400);
      gate.cut();
      await ledger.more(5);
    }
    await ledger.settle();
    await flapping.caughtUp(ledger.sent);
    expect(flapping.outages.length).toBeGreaterThanOrEqual(3);
    expect(await flapping.settle(ledger.sent)).toEqual(allIsShown);
    expect(viewers.outages).toEqual([]);
    expect(await viewers.settle(ledger.sent)).toEqual(allIsShown);
    await gate.stop();
  });

  test.each(numbered)('who can only poll, while each server is killed in turn, round %i', async (round) => {
    const gate = await startGate(cluster.url, { webSocket: false });
    const { ledger, viewers } = await begin(`poll.r${round}`, gate.url, 4);
    expect(viewers.diagnostics().map(({ transport }) => transport)).toEqual(Array(4).fill('polling'));
    // Wherever their address led them.
    for (const server of [0, 1, 2]) {
      await cluster.restart(server, 'kill');
      await ledger.more(10);
    }
    await ledger.settle();
    await viewers.caughtUp(ledger.sent);
    expect(viewers.outages).not.toEqual([]);
    expect(await viewers.settle(ledger.sent)).toEqual(allIsShown);
    await gate.stop();
  });
});
