import type { QueryResult } from '@quantumflux/sdk/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { get, post, startServer, temporaryFolder, type RunningServer } from '../server.ts';

// The ledger: what was answered 204 must be there afterwards, whatever was killed when.

const ROUNDS = 3;
const WRITERS = 6;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer({ dataDir: folder.path });
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

/** Posts one point after the other until told to stop; the times that were answered 204. */
function writer(stream: string, isOver: () => boolean): Promise<number[]> {
  const start = Date.now() - 60_000;
  const acknowledged: number[] = [];
  const work = async () => {
    for (let i = 0; !isOver(); i++) {
      const response = await post(server.url, { stream, points: [[start + i, i]] }).catch(() => undefined);
      if (response?.status === 204) acknowledged.push(start + i);
      else if (response === undefined) await new Promise((done) => setTimeout(done, 20));
    }
    return acknowledged;
  };
  return work();
}

async function storedTimes(stream: string): Promise<number[]> {
  const response = await get(server.url, `/api/v1/query?select=${stream}&from=-10m&width=10000`);
  const { streams } = (await response.json()) as QueryResult;
  const [series] = streams;
  expect(series?.resolution).toBe('raw');
  return series!.t;
}

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'every point that was answered 204 is there after kill -9, round %i',
  async (round) => {
    let over = false;
    const streams = Array.from({ length: WRITERS }, (_, i) => `ledger.r${round}.w${i}`);
    const writers = streams.map((stream) => writer(stream, () => over));
    await new Promise((done) => setTimeout(done, 700 + Math.random() * 300));
    await server.kill();
    over = true;
    const acknowledged = await Promise.all(writers);
    server = await startServer({ dataDir: folder.path, port: server.port });

    for (const [i, stream] of streams.entries()) {
      const stored = await storedTimes(stream);
      expect(acknowledged[i]!.length).toBeGreaterThan(20);
      expect(acknowledged[i]!.filter((time) => !stored.includes(time))).toEqual([]);
      // One write was on its way when the server died: it may be stored or not, but nothing else may.
      expect(stored.length - acknowledged[i]!.length).toBeLessThanOrEqual(1);
      expect(new Set(stored).size).toBe(stored.length);
    }
  },
);
