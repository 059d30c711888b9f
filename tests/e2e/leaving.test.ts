import { request, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDatabase } from '../postgres.ts';
import { get, post, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';

// A server that is told to end leaves well: nobody who was promised something is let down.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let env: Record<string, string>;
const servers: RunningServer[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
  env = {
    DATABASE_URL: await createDatabase({ template: 'migrated' }),
    TOKEN_SECRET: 't'.repeat(40),
    PASSWORD_PEPPER: 'p'.repeat(40),
  };
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()));
  await folder.remove();
});

async function start(more: Record<string, string> = {}): Promise<RunningServer> {
  const server = await startServer({ dataDir: folder.path, env: { ...env, ...more } });
  servers.push(server);
  return server;
}

const patience = { timeout: 20_000, interval: 20 };

/** A write of which the server has the beginning: `finish` sends the rest; the status of its answer. */
async function beginWrite(url: string, body: string): Promise<{ finish(): Promise<number | undefined> }> {
  const write = request(`${url}/api/v1/points`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${SECRET_KEY}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => write.on('response', resolve).on('error', reject));
  // Heard when it is waited for.
  answer.catch(() => {});
  write.flushHeaders();
  await new Promise<void>((resolve) => write.once('continue', resolve));
  return {
    async finish() {
      write.end(body);
      const response = await answer;
      response.resume();
      return response.statusCode;
    },
  };
}

const refusesConnections = (url: string) =>
  vi.waitFor(() => expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed'), patience);

test('once it is told, it says that it is not ready, and serves on while balancers have time to see it', async () => {
  const server = await start({ DRAIN_WAIT: '3s' });
  expect((await fetch(`${server.url}/ready`)).status).toBe(200);
  server.signal('SIGTERM');
  await vi.waitFor(async () => expect((await fetch(`${server.url}/ready`)).status).toBe(503), patience);
  const answer = await post(server.url, { stream: 'leaving', points: [[Date.now(), 1]] });
  expect([answer.status, answer.headers.get('connection')]).toEqual([204, 'close']);
  expect(await server.exit).toBe(0);
});

test('a write that is under way is stored and answered, however often it is told', async () => {
  const server = await start();
  const time = Date.now();
  const write = await beginWrite(server.url, JSON.stringify({ stream: 'leaving', points: [[time, 7]] }));
  server.signal('SIGTERM');
  await refusesConnections(server.url);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) server.signal(signal);
  expect(await write.finish()).toBe(204);
  expect(await server.exit).toBe(0);

  const next = await start();
  const stored = await get(next.url, `/api/v1/query?select=leaving&from=${time - 1}&to=${time + 1}`);
  expect(await stored.json()).toMatchObject({ streams: [{ t: [time], v: [7] }] });
});

test('a second Ctrl-C does not wait for balancers', async () => {
  const server = await start({ DRAIN_WAIT: '20s' });
  const begin = performance.now();
  server.signal('SIGINT');
  await vi.waitFor(async () => expect((await fetch(`${server.url}/ready`)).status).toBe(503), patience);
  server.signal('SIGINT');
  expect(await server.exit).toBe(0);
  expect(performance.now() - begin).toBeLessThan(20_000);
});
