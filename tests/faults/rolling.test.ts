import { connect } from '@quantumflux/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasNginx } from '../nginx.ts';
import { hasRedis } from '../redis.ts';
import { SECRET_KEY } from '../server.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { startLedger } from './ledger.ts';
import { rounds, seededRandom } from './random.ts';
import { allIsShown } from './shown.ts';
import { startViewers } from './viewers.ts';

// Every server of three is restarted, one after the other, while all of them are in use. Nobody sees it.

const random = seededRandom('rolling');

/** All of it once in every run of the tests, more often at night. */
const numbered = Array.from({ length: Math.ceil(rounds / 5) }, (_, round) => round);

describe.skipIf(!hasNginx() || !hasRedis())('three servers behind nginx', () => {
  let cluster: Cluster;
  beforeAll(async () => void (cluster = await startCluster({ env: { DRAIN_WAIT: '1s' } })));
  afterAll(() => cluster.stop());

  test.each(numbered)(
    'are restarted without a call that fails or a viewer who misses anything, round %i',
    async (round) => {
      const client = connect({ url: cluster.url, key: SECRET_KEY });
      const name = `rolling.r${round}`;
      const ledger = startLedger({
        url: cluster.url,
        name,
        writers: 6,
        restMs: 5,
        random,
        send: ({ stream, time, value, key }) =>
          client.write({ stream, points: [[time, value]] }, { idempotencyKey: key }),
      });
      const viewers = startViewers({ url: cluster.url, selector: `ledger.${name}.*`, count: 9 });
      await viewers.live();

      const questions = { answered: 0, failed: [] as unknown[] };
      let isOver = false;
      const asking = (async () => {
        while (!isOver) {
          await client
            .query({ select: `ledger.${name}.*`, from: '-1h', to: 'now', width: 100 })
            .then(() => questions.answered++)
            .catch((error: unknown) => questions.failed.push(error));
          await new Promise((done) => setTimeout(done, 20));
        }
      })();

      for (const server of [0, 1, 2]) {
        await ledger.more(20);
        expect(await cluster.restart(server, 'stop')).toBe(0);
      }
      await ledger.more(20);
      await ledger.settle();
      isOver = true;
      await asking;
      expect(await viewers.settle(ledger.sent)).toEqual(allIsShown);
      expect(questions.failed).toEqual([]);
      expect([...ledger.refusals]).toEqual([]);
      expect(Math.max(0, ...viewers.outages)).toBeLessThan(5_000);
      console.info(
        `${ledger.sent.length} writes, ${questions.answered} questions, longest wait ${Math.round(Math.max(0, ...ledger.delays))} ms; ` +
          `${viewers.outages.length} outages, longest ${Math.round(Math.max(0, ...viewers.outages))} ms`,
      );
    },
  );
});
