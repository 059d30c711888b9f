import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { post, startServer } from '../server.ts';
import { findEmbedded } from './embedded.ts';
import { startLedger } from './ledger.ts';
import { mountSmallDisk } from './tmpfs.ts';
import { allIsWell, judge } from './verdict.ts';

const disk = await mountSmallDisk(400);

/** A write that takes room: random digits do not shrink. */
function large(): object {
  const now = Date.now();
  return { stream: 'large', points: Array.from({ length: 10_000 }, (_, i) => [now + i, Math.random()]) };
}

test.skipIf(!disk)('a full disk is answered 507, and it goes on by itself once there is room again', async () => {
  const { path, fill, empty, remove } = disk!;
  const server = await startServer({ dataDir: path });
  try {
    const database = await findEmbedded(path);
    const ledger = startLedger({ url: server.url, name: 'disk' });
    await ledger.more(20);
    // A fresh segment of the log, so that it is the tables that do not fit.
    await database.query('SELECT pg_switch_wal()');
    await ledger.more(20);
    await fill(512 * 1_024);

    const answers: number[] = [];
    while (!answers.includes(507) && answers.length < 100) answers.push((await post(server.url, large())).status);
    const full = await post(server.url, large());
    expect(full.status).toBe(507);
    expect(full.headers.get('retry-after')).toBe('1');
    expect(await full.json()).toMatchObject({ error: { code: 'storage_full' } });
    expect(answers.filter((status) => status !== 204 && status !== 507)).toEqual([]);

    await empty();
    const emptied = performance.now();
    while ((await post(server.url, large())).status !== 204) await sleep(50);
    expect(performance.now() - emptied).toBeLessThan(5_000);
    await ledger.settle();
    expect(await judge(ledger.sent, database)).toEqual(allIsWell);
  } finally {
    await server.stop();
    await remove();
  }
});
