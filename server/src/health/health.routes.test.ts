import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { serveApp } from '../app.testing.ts';
import type { Caller, Permission } from '../http/caller.ts';
import { healthRoutes } from './health.routes.ts';
import { createMetrics } from './metrics.ts';
import type { Vitals } from './vitals.ts';

const well: Vitals = {
  version: '1.2.3',
  database: 'embedded',
  askDatabase: () => Promise.resolve(true),
  durability: 'local',
  bus: 'memory',
  busUp: () => true,
  sources: () => ({}),
  isStopping: () => false,
};

let close = () => Promise.resolve();
afterEach(() => close());

async function serve(vitals: Partial<Vitals> = {}, permissions: Permission[] = []) {
  const metrics = createMetrics();
  const caller: Caller = {
    organization: 'one',
    subject: 'key:1',
    permissions: new Set(permissions),
    publicOnly: false,
    expiresAt: null,
  };
  const app = await serveApp([healthRoutes({ ...well, ...vitals }, metrics)], {
    authenticate: () => Promise.resolve(caller),
  });
  close = app.close;
  return { ...app, metrics };
}

test('health says what the server is made of', async () => {
  const { ask } = await serve();
  expect(await ask('/health')).toMatchObject({
    status: 200,
    body: {
      status: 'ok',
      version: '1.2.3',
      uptimeSeconds: expect.any(Number),
      database: 'embedded',
      databaseUp: true,
      durability: 'local',
      bus: 'memory',
      busUp: true,
    },
  });
  expect(await ask('/ready')).toMatchObject({ status: 200, body: { ready: true } });
});

test.each<[string, Partial<Vitals>, string]>([
  ['the database refuses', { askDatabase: () => Promise.resolve(false) }, 'The database does not answer.'],
  ['the database is silent', { askDatabase: () => new Promise(() => {}) }, 'The database does not answer.'],
  ['commits may be lost', { durability: 'none' }, 'The database does not promise to keep what it commits.'],
])('while %s, the server lives but wants no requests', async (_, vitals, reason) => {
  const { ask } = await serve(vitals);
  expect(await ask('/ready')).toMatchObject({ status: 503, body: { ready: false, reasons: [reason] } });
  expect(await ask('/health')).toMatchObject({ status: 200, body: { status: 'degraded' } });
});

test('while it stops, the server wants no requests', async () => {
  const { ask } = await serve({ isStopping: () => true });
  expect(await ask('/ready')).toMatchObject({ status: 503, body: { reasons: ['The server is shutting down.'] } });
});

test('without its bus, the server is slower and still wants requests', async () => {
  const { ask } = await serve({ busUp: () => false });
  expect(await ask('/health')).toMatchObject({ body: { status: 'degraded', busUp: false } });
  expect(await ask('/ready')).toMatchObject({ status: 200 });
});

test('a source that is away is told of, and the server still wants requests', async () => {
  const { ask } = await serve({ sources: () => ({ redis: true, mqtt: false }) });
  expect(await ask('/health')).toMatchObject({ body: { status: 'degraded', sources: { redis: true, mqtt: false } } });
  expect(await ask('/ready')).toMatchObject({ status: 200 });
});

test('however many ask, the database is asked once', async () => {
  let questions = 0;
  const { ask } = await serve({ askDatabase: () => Promise.resolve((questions += 1) > 0) });
  await Promise.all(Array.from({ length: 20 }, (_, i) => ask(i % 2 ? '/ready' : '/health')));
  expect(questions).toBe(1);
});

test('a program on this machine reads the metrics', async () => {
  const { url, metrics } = await serve();
  metrics.pointsIngested.inc(7);
  metrics.requests.observe({ method: 'GET', route: '/api/v1/query', status: 200 }, 0.02);
  const { status, body } = await read(`${url}/metrics`);
  expect(status).toBe(200);
  expect(body).toContain('quantumflux_points_ingested_total 7');
  expect(body).toContain(
    'quantumflux_http_request_seconds_bucket{le="0.025",method="GET",route="/api/v1/query",status="200"} 1',
  );
  expect(body).toContain('process_cpu_seconds_total');
});

test.each([
  ['for someone behind a proxy', { 'X-Forwarded-For': '203.0.113.7' }],
  ['for a page in a browser', { Origin: 'https://example.com' }],
  ['for a name that an attacker made point here', { Host: 'example.com' }],
])('who asks from this machine %s must be known', async (_, headers) => {
  const { url } = await serve();
  expect(await read(`${url}/metrics`, headers)).toMatchObject({ status: 403 });
});

test('an admin reads the metrics from anywhere', async () => {
  const { url } = await serve({}, ['keys.manage']);
  expect(await read(`${url}/metrics`, { 'X-Forwarded-For': '203.0.113.7' })).toMatchObject({ status: 200 });
});

test('two servers in one process count for themselves', () => {
  const [a, b] = [createMetrics(), createMetrics()];
  a.liveSockets.set(3);
  expect(a.registry).not.toBe(b.registry);
});

/** Without fetch, which adds headers of a browser and does not let us say the host. */
function read(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    request(url, { headers }, (res) => {
      let body = '';
      res.setEncoding('utf8').on('data', (text: string) => (body += text));
      res.on('end', () => resolve({ status: res.statusCode, body }));
    })
      .on('error', reject)
      .end();
  });
}
