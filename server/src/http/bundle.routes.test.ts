import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveApp } from '../app.testing.ts';
import { bundleRoutes } from './bundle.routes.ts';
import { demoRoutes } from './demo.routes.ts';

const script = `export const text = '${'quantum flux '.repeat(1_000)}';\n`;
let directory: string;
let app: Awaited<ReturnType<typeof serveApp>>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quantumflux-bundle-'));
  app = await serveApp([
    bundleRoutes({ file: join(directory, 'quantumflux.js') }),
    demoRoutes({ directory: join(directory, 'demo') }),
  ]);
});

afterAll(async () => {
  await app.close();
  await rm(directory, { recursive: true });
});

test('says what to do while nothing is built', async () => {
  expect((await app.ask('/sdk/quantumflux.js')).body).toMatchObject({
    error: { code: 'unavailable', message: expect.stringContaining('npm run build') },
  });
  expect(await app.ask('/')).toMatchObject({ status: 503 });
});

test('any page may embed the script, whatever its key', async () => {
  await writeFile(join(directory, 'quantumflux.js'), script);
  const response = await fetch(`${app.url}/sdk/quantumflux.js?key=qf_pk_demo`, {
    headers: { Origin: 'https://example.com' },
  });
  expect(await response.text()).toBe(script);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'no-cache',
    'content-type': 'text/javascript; charset=utf-8',
  });
});

test('what it loads for those who look for a mistake is beside it', async () => {
  await writeFile(join(directory, 'quantumflux-debug.js'), 'export {};');
  expect(await (await fetch(`${app.url}/sdk/quantumflux-debug.js`)).text()).toBe('export {};');
});

test.each([
  ['gzip, deflate, br', 'br', brotliDecompressSync],
  ['gzip', 'gzip', gunzipSync],
  ['br;q=0, gzip', 'gzip', gunzipSync],
  ['', undefined, (bytes: Buffer) => bytes],
])('sends the smallest form that "%s" accepts', async (accepted, encoding, open) => {
  const { headers, bytes } = await raw('/sdk/quantumflux.js', { 'Accept-Encoding': accepted });
  expect(headers['content-encoding']).toBe(encoding);
  expect(headers['vary']).toContain('Accept-Encoding');
  expect(Number(headers['content-length'])).toBe(bytes.length);
  expect(open(bytes).toString()).toBe(script);
  if (encoding) expect(bytes.length).toBeLessThan(script.length / 10);
});

test('a browser that has it is told so, until it is built anew', async () => {
  const { headers } = await raw('/sdk/quantumflux.js', { 'Accept-Encoding': 'br' });
  const again = { 'Accept-Encoding': 'br', 'If-None-Match': headers['etag']! };
  expect(await raw('/sdk/quantumflux.js', again)).toMatchObject({ status: 304, bytes: Buffer.alloc(0) });
  await writeFile(join(directory, 'quantumflux.js'), 'export {};');
  await utimes(join(directory, 'quantumflux.js'), new Date(), new Date(Date.now() + 5_000));
  expect(await raw('/sdk/quantumflux.js', again)).toMatchObject({ status: 200 });
});

/** Without fetch, which opens what is compressed. */
function raw(path: string, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; headers: Record<string, string | undefined>; bytes: Buffer }>(
    (resolve, reject) => {
      request(app.url + path, { headers }, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('end', () =>
          resolve({
            status: res.statusCode,
            headers: res.headers as Record<string, string | undefined>,
            bytes: Buffer.concat(chunks),
          }),
        );
      })
        .on('error', reject)
        .end();
    },
  );
}
