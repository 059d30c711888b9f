import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SECRET_KEY } from '../server.ts';
import { rounds } from './random.ts';
import { emptyTally, SocketViewer } from './socket-viewer.ts';
import { startSystem, type System } from './system.ts';

// Between history and live, and between what was missed and live, is no seam: whoever subscribes while it is written, and
// while streams begin, sees every number of every stream once and in order.

const VIEWERS = rounds > 3 ? 1_000 : 200;

/** How long anything may take, in ms. */
const PATIENCE_MS = 60_000;

let system: System;
beforeAll(async () => void (system = await startSystem()));
afterAll(() => system.stop());

/** With a key, so that it may be sent again when nobody answered. */
async function store(streams: object[], key: string): Promise<boolean> {
  const answer = await fetch(`${system.url}/api/v1/points`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${SECRET_KEY}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify({ streams }),
  }).catch(() => undefined);
  await answer?.arrayBuffer().catch(() => undefined);
  return answer?.status === 204;
}

/** Writes 0, 1, 2 … to each of its streams, all the time; every few writes one more begins. */
function startWriting(name: string) {
  const streams = [{ stream: `${name}.s0`, next: 0 }];
  let isOver = false;
  const writing = (async () => {
    for (let i = 1; !isOver; i++) {
      if (i % 25 === 0) streams.push({ stream: `${name}.s${streams.length}`, next: 0 });
      const batch = streams.map(({ stream, next }) => ({ stream, points: [[Date.now() + next / 1_000, next]] }));
      while (!(await store(batch, `${name}.${i}`))) await sleep(20);
      for (const each of streams) each.next += 1;
    }
  })();
  writing.catch(() => undefined);
  return {
    streams,
    async stop(): Promise<void> {
      isOver = true;
      await writing;
    },
  };
}

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !isSo(); await sleep(20)) {
    if (performance.now() > end) throw new Error(`not in ${PATIENCE_MS} ms: ${what()}`);
  }
}

test(
  'subscriptions that start while it is written, over history, memory and the journal, have no seam',
  { timeout: 300_000 },
  async () => {
    const tally = emptyTally();
    const viewers: SocketViewer[] = [];
    const start = (count: number, spreadMs: number) => {
      for (let i = 0; i < count; i++) {
        const afterMs = (spreadMs * i) / count;
        const options = { url: system.url, key: SECRET_KEY, selector: 'seam.*', minMs: 50, maxMs: 500, afterMs };
        viewers.push(new SocketViewer(options, tally));
      }
    };
    const told = () => JSON.stringify({ ...tally, wrong: tally.wrong.slice(0, 5), awayMs: 0, viewers: viewers.length });
    const allLive = () => until(() => tally.live === viewers.length, told);

    const writing = startWriting('seam');
    await until(() => writing.streams.length > 1, told);
    try {
      // History, read while it is written.
      start(VIEWERS / 2, 2_000);
      await allLive();
      // What was missed, from memory.
      for (const viewer of viewers) viewer.drop();
      await until(() => tally.resumed >= VIEWERS / 2, told);
      // What was missed before the server began, from the journal; and others who come for the first time.
      await system.killServer();
      start(VIEWERS / 2, 4_000);
      await system.restartServer();
      await until(() => tally.resumed >= VIEWERS, told);
      await allLive();
      await writing.stop();
      const least = () => Math.min(...writing.streams.map(({ next }) => next));
      const isWhole = (viewer: SocketViewer) => viewer.streams === writing.streams.length && viewer.lowest === least();
      await until(() => viewers.every(isWhole) || tally.wrong.length > 0, told);
      expect(tally.wrong.slice(0, 5)).toEqual([]);
      expect(tally.resyncs).toBe(0);
      expect(viewers.every(isWhole)).toBe(true);
    } finally {
      await writing.stop();
      for (const viewer of viewers) viewer.close();
    }
  },
);
