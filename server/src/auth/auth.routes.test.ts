import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveApp } from '../app.testing.ts';
import { authRoutes } from './auth.routes.ts';
import { startAuth, type TestAuth } from './auth.testing.ts';

let auth: TestAuth;
let app: Awaited<ReturnType<typeof serveApp>>;
let admin: string;

beforeAll(async () => {
  auth = await startAuth();
  app = await serveApp([authRoutes(auth)], { authenticate: auth.authenticate });
  admin = (await auth.addUser(auth.organization, 'admin')).token;
});

afterAll(async () => {
  await app.close();
  await auth.close();
});

const ask = (method: string, path: string, { bearer = admin, body }: { bearer?: string; body?: unknown } = {}) =>
  app.ask(path, {
    method,
    headers: {
      Authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

test('from the password to a token to who one is', async () => {
  const { status, body } = await ask('POST', '/api/v1/auth/login', { bearer: 'whatever', body: auth.owner });
  expect(status).toBe(200);
  const { accessToken, user } = body as { accessToken: string; user: { id: string } };
  expect(await ask('GET', '/api/v1/auth/me', { bearer: accessToken })).toMatchObject({
    status: 200,
    body: {
      subject: `user:${user.id}`,
      organization: { id: auth.organization, name: 'QuantumFlux' },
      permissions: ['points.write', 'streams.read', 'streams.change', 'keys.manage'],
      user: { id: user.id, email: 'owner@localhost', role: 'owner' },
    },
  });
});

test('a wrong password is 401, too many of them 429 with a time to come back', async () => {
  const guess = () => ask('POST', '/api/v1/auth/login', { body: { email: 'a@example.com', password: 'x' } });
  for (let i = 0; i < 5; i++) expect(await guess()).toMatchObject({ status: 401 });
  const { status, headers } = await guess();
  expect(status).toBe(429);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(50);
});

test('a key is shown once, works, is listed by its hint, and is gone when revoked', async () => {
  const { status, body } = await ask('POST', '/api/v1/keys', { body: { kind: 'secret', name: 'Backend' } });
  const made = body as { id: string; key: string; hint: string };
  expect(status).toBe(201);
  expect(made).toEqual({
    id: expect.any(String),
    kind: 'secret',
    name: 'Backend',
    hint: `qf_sk_…${made.key.slice(-4)}`,
    origins: [],
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    key: expect.stringMatching(/^qf_sk_/),
  });
  expect(await ask('GET', '/api/v1/auth/me', { bearer: made.key })).toMatchObject({
    status: 200,
    body: { subject: `key:${made.id}`, user: null },
  });

  const list = await ask('GET', '/api/v1/keys');
  const { key: _, ...listed } = made;
  expect(list.body).toMatchObject({ keys: [listed, { kind: 'publishable', name: 'Demo' }] });
  expect(JSON.stringify(list.body)).not.toMatch(/hash|qf_.k_[\w-]{10}/);

  expect(await ask('DELETE', `/api/v1/keys/${made.id}`)).toMatchObject({ status: 204 });
  expect(await ask('GET', '/api/v1/auth/me', { bearer: made.key })).toMatchObject({ status: 401 });
  expect(await ask('DELETE', `/api/v1/keys/${made.id}`)).toMatchObject({ status: 404 });
  expect(JSON.stringify((await ask('GET', '/api/v1/keys')).body)).not.toContain(made.id);
});

test.each([
  [{ kind: 'publishable', name: 'Site' }, 'origins'],
  [{ kind: 'publishable', name: 'Site', origins: ['example.com'] }, 'origins.0'],
  [{ kind: 'root', name: 'Site' }, 'kind'],
  [{ kind: 'secret' }, 'name'],
])('%j is no key to make', async (body, path) => {
  expect(await ask('POST', '/api/v1/keys', { body })).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_input', path } },
  });
});

test('the keys of another organization are not there', async () => {
  const other = await auth.addOrganization('Elsewhere');
  const { token } = await auth.addUser(other, 'owner');
  const { id, key } = await auth.keys.create(auth.organization, { kind: 'ingest', name: 'Canary' });
  expect((await ask('GET', '/api/v1/keys', { bearer: token })).body).toEqual({ keys: [] });
  expect(await ask('DELETE', `/api/v1/keys/${id}`, { bearer: token })).toMatchObject({ status: 404 });
  expect(await ask('GET', '/api/v1/auth/me', { bearer: key })).toMatchObject({ status: 200 });
});

test('an id that is none is refused before the database sees it', async () => {
  expect(await ask('DELETE', '/api/v1/keys/1%27%20OR%20true')).toMatchObject({
    status: 400,
    body: { error: { path: 'id' } },
  });
});

test('a key in the URL is nobody', async () => {
  const { key } = await auth.keys.create(auth.organization, { kind: 'secret', name: 'Backend' });
  const response = await fetch(`${app.url}/api/v1/auth/me?key=${key}&access_token=${key}`);
  expect(response.status).toBe(401);
});
