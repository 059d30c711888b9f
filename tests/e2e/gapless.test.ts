import { connect, type QuantumFluxClient } from '@quantumflux/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { post, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
let client: QuantumFluxClient;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer({ dataDir: folder.path });
  client = connect({ url: server.url, key: SECRET_KEY });
});
afterAll(async () => {
  client.close();
  await server.stop();
  await folder.remove();
});

async function until(isTrue: () => boolean, what: string, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!isTrue()) {
    if (Date.now() > end) throw new Error(`not in ${ms} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

test('history and live are one series without a seam', async () => {
  const start = Date.now() - 60_000;
  const send = async (i: number) =>
    expect((await post(server.url, { stream: 'seam', points: [[start + i, i]] })).status).toBe(204);
  for (let i = 0; i < 50; i++) await send(i);
  let seen: number[] = [];
  const stop = client.watch('seam', { from: '-5m' }, ({ series }) => (seen = [...(series[0]?.values ?? [])]));
  for (let i = 50; i < 150; i++) await send(i);
  await until(() => seen.length >= 150, 'all points seen');
  expect(seen).toEqual(Array.from({ length: 150 }, (_, i) => i));
  stop();
});

test('a viewer whose server is killed sees every stored point exactly once, in order', async () => {
  const start = Date.now() - 60_000;
  const acknowledged: number[] = [];
  const states = new Set<string>();
  let over = false;
  let seen: number[] = [];
  const stop = client.watch('killed', { from: '-5m' }, ({ series, state }) => {
    states.add(state.is);
    seen = [...(series[0]?.values ?? [])];
  });
  const writing = (async () => {
    for (let i = 0; !over; i++) {
      const response = await post(server.url, { stream: 'killed', points: [[start + i, i]] }).catch(() => undefined);
      if (response?.status === 204) acknowledged.push(i);
      await new Promise((done) => setTimeout(done, response ? 3 : 50));
    }
  })();
  await until(() => seen.length > 50, 'live before the kill');
  await server.kill();
  server = await startServer({ dataDir: folder.path, port: server.port });
  const before = acknowledged.length;
  await until(() => acknowledged.length > before + 50, 'writes go on');
  over = true;
  await writing;
  await until(() => seen.at(-1) === acknowledged.at(-1), 'the viewer catches up');
  expect(acknowledged.filter((value) => !seen.includes(value))).toEqual([]);
  expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  expect(states).toEqual(new Set(['connecting', 'live', 'stale']));
  stop();
});

test('a stream that does not exist yet begins when its first point comes', async () => {
  let seen: number[] = [];
  const stop = client.watch(
    'later{line="1"}',
    { from: '-5m' },
    ({ series }) => (seen = [...(series[0]?.values ?? [])]),
  );
  await new Promise((done) => setTimeout(done, 300));
  await post(server.url, { stream: 'later', tags: { line: '1' }, points: [[Date.now(), 7]] });
  await until(() => seen.length === 1, 'the first point', 5_000);
  expect(seen).toEqual([7]);
  stop();
});
