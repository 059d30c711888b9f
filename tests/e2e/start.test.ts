import type { QueryResult } from '@quantumflux/sdk/protocol';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreePort } from '../../server/src/database/embedded/ports.ts';
import { get, post, runServer, startServer, temporaryFolder } from '../server.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => void (folder = await temporaryFolder()));
afterEach(() => folder.remove());

test('the first start prints the password of the owner, later ones do not, and it signs in', async () => {
  const first = await startServer({ dataDir: folder.path });
  const [, email, password] = /sign in as (\S+) with the password (\S+)/.exec(first.output()) ?? [];
  const login = await fetch(`${first.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  expect(login.status).toBe(200);
  const { accessToken } = (await login.json()) as { accessToken: string };
  expect((await post(first.url, { stream: 'a', points: [[Date.now(), 1]] }, accessToken)).status).toBe(204);
  expect(await first.stop()).toBe(0);

  const second = await startServer({ dataDir: folder.path });
  expect(second.output()).not.toContain('password');
  await second.stop();
});

test('what was stored before a stop is there after the next start', async () => {
  const first = await startServer({ dataDir: folder.path });
  await post(first.url, { stream: 'plant.temp', points: [[Date.now(), 21.5]] });
  await first.stop();
  const second = await startServer({ dataDir: folder.path });
  const { streams } = (await (await get(second.url, '/api/v1/query?select=plant.temp')).json()) as QueryResult;
  expect(streams).toMatchObject([{ stream: 'plant.temp', resolution: 'raw', v: [21.5] }]);
  await second.stop();
});

test('secrets are kept where only their owner reads them', async () => {
  const server = await startServer({ dataDir: folder.path });
  await server.stop();
  expect((await stat(join(folder.path, 'secrets.json'))).mode & 0o777).toBe(0o600);
});

test('a port that is taken is said in one sentence', async () => {
  const port = await findFreePort();
  const taken = createServer().listen(port, '127.0.0.1');
  const { code, output } = await runServer({ dataDir: folder.path, port });
  taken.close();
  expect(code).toBe(1);
  expect(output).toMatch(new RegExp(`Port ${port} is taken.*PORT`));
  expect(output).not.toContain('    at ');
});

test('a data folder in use is said in one sentence, and the one who uses it goes on', async () => {
  const first = await startServer({ dataDir: folder.path });
  const { code, output } = await runServer({ dataDir: folder.path });
  expect(code).toBe(1);
  expect(output).toMatch(/data folder .* is in use by another QuantumFlux server/);
  expect(output).not.toContain('    at ');
  expect((await post(first.url, { stream: 'a', points: [[Date.now(), 1]] })).status).toBe(204);
  await first.stop();
});

test('mistakes in the environment are all named at once', async () => {
  const { code, output } = await runServer({ dataDir: folder.path, env: { REDIS_URL: 'nope', LOG_LEVEL: 'loud' } });
  expect(code).toBe(1);
  expect(output).toContain('REDIS_URL');
  expect(output).toContain('LOG_LEVEL');
});
