import type { QueryResult } from '@quantumflux/sdk/protocol';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, serveHostPage } from '../browser.ts';
import { get, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';

const example = (path: string) => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer({ dataDir: folder.path, env: { HOST_METRICS: 'on' } });
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

test('examples/node-ingest writes its points', async () => {
  await promisify(execFile)(process.execPath, [example('node-ingest/index.mjs')], {
    env: { ...process.env, QUANTUMFLUX_URL: server.url, QUANTUMFLUX_KEY: SECRET_KEY, COUNT: '2' },
  });
  const response = await get(server.url, '/api/v1/query?select=kitchen.kettle');
  const { streams } = (await response.json()) as QueryResult;
  expect(streams).toMatchObject([{ unit: 'celsius', tags: { floor: '2' } }]);
  expect(streams[0]!.t).toHaveLength(2);
});

test('examples/html draws this machine', async () => {
  const html = (await readFile(example('html/index.html'), 'utf8')).replaceAll('http://localhost:5000', server.url);
  const host = await serveHostPage({ html });
  const browser = await launchBrowser();
  const page = await browser.newPage();
  await page.goto(host.url);
  await page.waitForFunction(
    () => (document.querySelector('quantumflux-chart')?.shadowRoot?.querySelectorAll('tbody tr').length ?? 0) >= 2,
  );
  await browser.close();
  await host.close();
});

test('docs/ingest.md: a page writes over a WebSocket, with the lines that stand there', async () => {
  const text = await readFile(fileURLToPath(new URL('../../docs/ingest.md', import.meta.url)), 'utf8');
  const [, lines] = /## WebSocket[^]*?```js\n([^]*?)```/.exec(text)!;
  const code = lines!.replace('ws://localhost:5000', server.url.replace('http', 'ws')).replace('qf_ik_…', SECRET_KEY);
  const host = await serveHostPage({ html: '<!doctype html>' });
  const browser = await launchBrowser();
  const page = await browser.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  await page.goto(host.url);
  await page.evaluate(code);
  await expect.poll(() => said.join(), { timeout: 10_000 }).toContain('ok: true');
  await browser.close();
  await host.close();
  const { streams } = (await (await get(server.url, '/api/v1/query?select=browser.clicks')).json()) as QueryResult;
  expect(streams[0]!.t).toHaveLength(1);
});
