import { connect, type LiveUpdate } from '@quantumflux/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { post, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';
import { connect as connectOld } from '../versions/1/client.mjs';
import { createTestServer as createOldServer, type OldServer } from '../versions/1/server.mjs';

// One version apart works, in both directions: with the other side as it was, not as we remember it.

const wait = { timeout: 20_000, interval: 20 };
const start = Date.now() - 60_000;
const count = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('a client of version 1 and the present server', () => {
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

  const send = async (stream: string, i: number) =>
    expect((await post(server.url, { stream, points: [[start + i, i]] })).status).toBe(204);

  test('[V1] [V3] [F5] history, live, several subscriptions, and what was missed while the server was gone', async () => {
    const client = connectOld({ url: server.url, key: SECRET_KEY });
    const seen = new Map<string, number[]>();
    const watch = (selector: string) =>
      client.watch(selector, { from: '-5m' }, ({ series }) => {
        for (const { key, values } of series) seen.set(`${selector} ${key}`, [...values]);
      });
    for (const i of count(20)) await send('old.a', i);
    const stops = ['old.a', 'old.*', 'old.b'].map(watch);
    for (const i of count(20)) await send('old.b', i);
    for (const i of count(40).slice(20)) await send('old.a', i);
    const all = { 'old.a old.a': 40, 'old.* old.a': 40, 'old.* old.b': 20, 'old.b old.b': 20 };
    const whole = (expected: Record<string, number>) =>
      vi.waitFor(() => {
        expect(Object.fromEntries(seen)).toEqual(
          Object.fromEntries(Object.entries(expected).map(([key, n]) => [key, count(n)])),
        );
      }, wait);
    await whole(all);

    await server.kill();
    server = await startServer({ dataDir: folder.path, port: server.port });
    for (const i of count(60).slice(40)) await send('old.a', i);
    await whole({ ...all, 'old.a old.a': 60, 'old.* old.a': 60 });
    for (const stop of stops) stop();
    client.close();
  });

  test('[H1] [V3] it hears heads, so it never takes the connection for lost', async () => {
    const client = connectOld({ url: server.url, key: SECRET_KEY, silenceMs: 7_500 });
    const states: string[] = [];
    const stop = client.watch('old.quiet', {}, ({ state }) => void states.push(state.is));
    await vi.waitFor(() => expect(states.at(-1)).toBe('live'), wait);
    // Longer than it waits for a sign of life, of which there is one every 5 s.
    await new Promise((done) => setTimeout(done, 11_000));
    expect(states).not.toContain('stale');
    stop();
    client.close();
  }, 30_000);
});

describe('the present client and a server of version 1', () => {
  let server: OldServer;
  let close: () => void;
  afterEach(async () => {
    close();
    await server.close();
  });

  test.each([{ webSocket: true }, { webSocket: false }])(
    '[V1] [V3] history, live, a lost frame and a cut connection, %o',
    async ({ webSocket }) => {
      server = await createOldServer({ heartbeatMs: Infinity, webSocket });
      const client = connect({ url: server.url, key: 'qf_pk_test', reconnect: { minMs: 5, maxMs: 50 } });
      close = () => client.close();
      const write = (...values: number[]) =>
        values.forEach((i) => server.write({ stream: 'cpu', points: [[start + i, i]] }));
      let last: LiveUpdate | undefined;
      client.watch('cpu', { from: '-5m' }, (update) => (last = update));
      const has = (n: number) => vi.waitFor(() => expect([...(last?.series[0]?.values ?? [])]).toEqual(count(n)), wait);

      write(0, 1, 2);
      await has(3);
      write(3, 4);
      await has(5);
      server.loseFrames(1);
      write(5);
      server.beat();
      await has(6);
      server.cut();
      write(6, 7);
      await has(8);
      server.restore();
      await vi.waitFor(() => expect(last?.series[0]?.length ?? 0).toBe(0), wait);
      write(0);
      await has(1);
      // Nothing that it would refuse.
      expect(server.requests.every((request) => !('maxHz' in request))).toBe(true);
    },
  );

  test('[V3] what only version 2 can do is left out of what is asked', async () => {
    server = await createOldServer({ heartbeatMs: Infinity });
    const client = connect({ url: server.url, key: 'qf_pk_test', reconnect: { minMs: 5, maxMs: 50 } });
    close = () => client.close();
    const states: string[] = [];
    client.watch('cpu', { maxHz: 5 }, ({ state }) => void states.push(state.is));
    await vi.waitFor(() => expect(states.at(-1)).toBe('live'), wait);
    expect(server.requests.every((request) => !('maxHz' in request))).toBe(true);
  });
});
