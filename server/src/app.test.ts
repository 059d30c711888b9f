import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { Router } from 'express';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { serveApp } from './app.testing.ts';
import type { Caller } from './http/caller.ts';
import { comeBackIn } from './http/errors.ts';
import { openRoute, route } from './http/route.ts';

const caller: Caller = {
  organization: 'one',
  subject: 'key:1',
  permissions: new Set(['streams.read']),
  publicOnly: false,
  expiresAt: null,
};

const observe = vi.fn();
let app: Awaited<ReturnType<typeof serveApp>>;

beforeAll(async () => {
  const router = Router();
  const item = z.strictObject({
    id: z.string(),
    name: z.string().max(10).optional(),
    deep: z.strictObject({ a: z.number() }).optional(),
  });
  route(router, { method: 'POST', path: '/items/:id' }, item, 'streams.read', (input) => input);
  route(router, { method: 'DELETE', path: '/items/:id' }, item, 'streams.read', () => undefined);
  route(router, { method: 'GET', path: '/mine' }, z.strictObject({}), 'authenticated', (_, { subject }) => ({
    subject,
  }));
  route(router, { method: 'GET', path: '/keys' }, z.strictObject({}), 'keys.manage', () => ({}));
  openRoute(router, { method: 'GET', path: '/boom' }, z.looseObject({}), () =>
    Promise.reject(new Error('the secret reason')),
  );
  openRoute(router, { method: 'GET', path: '/down' }, z.strictObject({}), () => {
    throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  });
  openRoute(router, { method: 'GET', path: '/often' }, z.strictObject({}), () => {
    throw comeBackIn(7_200, 'rate_limited', 'That was too often.');
  });
  const authenticate = ({ bearer }: { bearer: string | undefined }) =>
    bearer === 'good'
      ? Promise.resolve(caller)
      : Promise.reject(new QuantumFluxError('unauthenticated', 'Say who you are.'));
  app = await serveApp([router], { authenticate, observe });
});

afterAll(() => app.close());

beforeEach(() => {
  observe.mockClear();
  app.log.lines.length = 0;
});

const good = { Authorization: 'Bearer good' };
const json = { ...good, 'Content-Type': 'application/json' };
const errorOf = async (path: string, init: RequestInit) => {
  const { status, body } = await app.ask(path, init);
  return { status, ...(body as { error: { code: string; message: string; path?: string } }).error };
};

test('path, query and body come in as one input, and what is returned goes out', async () => {
  const { status, body, headers } = await app.ask('/items/7', {
    method: 'POST',
    headers: json,
    body: '{"name":"Ada"}',
  });
  expect({ status, body }).toEqual({ status: 200, body: { id: '7', name: 'Ada' } });
  expect(headers.get('cache-control')).toBe('no-store');
  expect((await app.ask('/items/7?name=Ada', { method: 'POST', headers: good })).body).toEqual({
    id: '7',
    name: 'Ada',
  });
});

test('nothing returned is nothing sent', async () => {
  expect(await app.ask('/items/7', { method: 'DELETE', headers: good })).toMatchObject({
    status: 204,
    body: undefined,
  });
});

test.each([
  ['broken JSON', '{"name":', { code: 'invalid_input', message: expect.stringContaining('not JSON') }],
  ['a list', '[1]', { code: 'invalid_input', message: expect.stringContaining('JSON object') }],
  ['a bare text', '"Ada"', { code: 'invalid_input' }],
  ['an unknown key', '{"nmae":"Ada"}', { code: 'invalid_input', message: expect.stringContaining('nmae') }],
  [
    'a key that is also in the path',
    '{"id":"8"}',
    { code: 'invalid_input', path: 'id', message: 'id: is given twice.' },
  ],
  ['a value of the wrong type', '{"name":7}', { code: 'invalid_input', path: 'name' }],
  ['__proto__', '{"__proto__":{"polluted":1}}', { code: 'invalid_input' }],
  ['constructor', '{"constructor":{"prototype":{"polluted":1}}}', { code: 'invalid_input' }],
  ['__proto__ further down', '{"deep":{"a":1,"__proto__":{"polluted":1}}}', { code: 'invalid_input', path: 'deep' }],
  ['20 000 levels', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, { code: 'invalid_input' }],
  [
    '10 MB',
    JSON.stringify({ name: 'x'.repeat(10_000_000) }),
    { code: 'too_large', message: 'The body is larger than 256 KB. Send less at a time.' },
  ],
])('a body with %s is refused', async (_, body, expected) => {
  expect(await errorOf('/items/7', { method: 'POST', headers: json, body })).toMatchObject(expected);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx'])(
  'a body that is said to be %s is not read as JSON',
  async (type) => {
    const init = { method: 'POST', headers: { ...good, 'Content-Type': type }, body: '{"name":"Ada"}' };
    expect(await errorOf('/items/7', init)).toMatchObject({
      status: 400,
      message: expect.stringContaining('application/json'),
    });
  },
);

test('a parameter given twice in the query is refused', async () => {
  expect(await errorOf('/items/7?name=a&name=b', { method: 'POST', headers: good })).toMatchObject({
    status: 400,
    path: 'name',
  });
  expect(await errorOf('/items/7?id=8', { method: 'POST', headers: good })).toMatchObject({ status: 400, path: 'id' });
});

test('a path that cannot be decoded is the caller’s mistake', async () => {
  expect(await errorOf('/items/%zz', { method: 'POST', headers: json, body: '{}' })).toMatchObject({
    status: 400,
    code: 'invalid_input',
  });
});

test('who may not is told so before a byte of the body is read', async () => {
  const init = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: 'Bearer bad' },
    body: '{broken',
  };
  expect(await app.ask('/items/7', init)).toMatchObject({ status: 401 });
  expect(await errorOf('/keys?unknown=1', { headers: good })).toMatchObject({
    status: 403,
    message: expect.stringContaining('keys.manage'),
  });
  expect((await app.ask('/mine')).headers.get('www-authenticate')).toBe('Bearer');
});

test.each(['/nothing', '/items', '/api/v1/nothing', '/.env', '/..%2f..%2fetc/passwd'])(
  '%s is not there',
  async (path) => {
    expect(await errorOf(path, {})).toEqual({
      status: 404,
      code: 'not_found',
      message: 'There is nothing at this address.',
    });
  },
);

test('what breaks is logged once, with the id that the reader gets, and not told to the reader', async () => {
  const { status, body, headers } = await app.ask('/boom', { headers: { 'X-Request-Id': 'from-the-caller' } });
  expect({ status, body }).toMatchObject({ status: 500, body: { error: { code: 'internal' } } });
  expect(JSON.stringify(body)).not.toContain('secret reason');
  expect(headers.get('x-request-id')).toBe('from-the-caller');
  await vi.waitFor(() => expect(app.log.lines).toHaveLength(2));
  expect(app.log.lines.filter(({ level }) => level === 'error')).toEqual([
    {
      level: 'error',
      message: 'a request failed',
      details: { requestId: 'from-the-caller', cause: new Error('the secret reason') },
    },
  ]);
});

test('a refusal is a line in the request log and no error', async () => {
  await app.ask('/mine');
  await vi.waitFor(() => expect(app.log.lines).toHaveLength(1));
  expect(app.log.lines[0]).toMatchObject({ level: 'info', details: { status: 401 } });
});

test('a database that is away is no fault of the reader, who learns when to come back', async () => {
  const { status, headers } = await app.ask('/down');
  expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  expect((await app.ask('/often')).headers.get('retry-after')).toBe('8');
  expect(app.log.lines.map(({ level }) => level)).toContain('warn');
});

test('the request log names the caller and the path, never the query', async () => {
  await app.ask('/mine?key=qf_sk_secret', { headers: good });
  await app.ask('/mine', { headers: good });
  await vi.waitFor(() => expect(app.log.lines).toHaveLength(2));
  expect(app.log.lines[1]).toMatchObject({
    message: 'request',
    details: {
      subject: 'key:1',
      method: 'GET',
      path: '/mine',
      status: 200,
      bytes: expect.any(Number),
      ms: expect.any(Number),
    },
  });
  expect(JSON.stringify(app.log.lines)).not.toContain('qf_sk_secret');
});

test.each(['x'.repeat(65), 'two words', '<script>', ''])('"%s" is not taken for a request id', async (id) => {
  const { headers } = await app.ask('/mine', { headers: { 'X-Request-Id': id } });
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('requests are measured by endpoint, so that strangers cannot make up new rows', async () => {
  await app.ask('/items/7', { method: 'DELETE', headers: good });
  await app.ask('/items-of-a-stranger');
  await vi.waitFor(() => expect(observe).toHaveBeenCalledTimes(2));
  expect(observe.mock.calls.map(([labels]) => labels as unknown)).toEqual([
    { method: 'DELETE', route: '/items/:id', status: 204 },
    { method: 'GET', route: 'other', status: 404 },
  ]);
});

test('pages of any origin may ask, without cookies', async () => {
  const headers = {
    Origin: 'https://example.com',
    'Access-Control-Request-Method': 'PATCH',
    'Access-Control-Request-Headers': 'authorization,content-type,content-encoding,idempotency-key',
  };
  const preflight = await app.ask('/items/7', { method: 'OPTIONS', headers });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  expect(preflight.headers.get('access-control-allow-headers')).toBe(
    'Authorization,Content-Type,Content-Encoding,Idempotency-Key,X-Request-Id',
  );
  expect(preflight.headers.has('access-control-allow-credentials')).toBe(false);
  const { headers: answer } = await app.ask('/mine', { headers: good });
  expect(answer.get('access-control-expose-headers')).toBe('X-Request-Id,Retry-After');
});

test('pages that the server itself sends may run nothing but its own scripts', async () => {
  const { headers } = await app.ask('/nothing');
  expect(headers.get('content-security-policy')).toBe(
    "default-src 'self';connect-src 'self' ws: wss:;style-src 'self';img-src 'self' data:;base-uri 'none';object-src 'none';frame-ancestors 'self'",
  );
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(['x-powered-by', 'strict-transport-security', 'etag'].filter((name) => headers.has(name))).toEqual([]);
});

test('a caller who leaves half-way is no error', async () => {
  await new Promise<void>((resolve) => {
    const req = request(`${app.url}/items/7`, { method: 'POST', headers: { ...json, 'Content-Length': '100' } });
    req.on('error', () => {});
    req.on('close', resolve);
    req.write('{"name":', () => setTimeout(() => req.destroy(), 50));
  });
  await vi.waitFor(() => expect(observe).toHaveBeenCalledOnce());
  expect(app.log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
});
