import { endpoints, type EndpointName } from '@quantumflux/sdk/protocol';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDatabase, type TestDatabase } from '../../tests/postgres.ts';
import { columns, createSenders, TOKEN_SECRET, type Sender } from './app.senders.testing.ts';
import type { TestCallers } from './callers.testing.ts';
import { compose } from './compose.ts';
import { readConfig } from './config.ts';
import { connectSender } from './ingest/socket/points.socket.testing.ts';
import { silent } from './log.ts';

/**
 * What every endpoint answers to every kind of caller; all of them ask for things of the first organization. An endpoint
 * without a row fails the test. The columns:
 *
 *   nobody, a forged token, a key that does not exist, a revoked secret key, an expired token,
 *   viewer, editor, admin, owner, secret key, ingest key,
 *   publishable key on its page, elsewhere, and outside of a browser,
 *   owner and secret key of another organization
 */
const table: Record<EndpointName, string> = {
  writePoints: ' 401 401 401 401 401   403 204 204 204 204 204   403 403 403   204 204',
  uploadPoints: '401 401 401 401 401   403 200 200 200 200 200   403 403 403   200 200',
  writeInflux: ' 401 401 401 401 401   403 204 204 204 204 204   403 403 403   204 204',
  writeInfluxV1: '401 401 401 401 401   403 204 204 204 204 204   403 403 403   204 204',
  writeOtlp: '  401 401 401 401 401   403 200 200 200 200 200   403 403 403   200 200',
  writePrometheus: '401 401 401 401 401   403 204 204 204 204 204   403 403 403   204 204',
  query: '       401 401 401 401 401   200 200 200 200 200 403   404 403 403   404 404',
  listStreams: ' 401 401 401 401 401   200 200 200 200 200 403   200 403 403   200 200',
  changeStreams: '401 401 401 401 401  403 200 200 200 200 403   403 403 403   404 404',
  login: '       401 401 401 401 401   401 401 401 401 401 401 401   401 401 401   401 401',
  me: '          401 401 401 401 401   200 200 200 200 200 200   200 403 403   200 200',
  createKey: '   401 401 401 401 401   403 403 201 201 201 403   403 403 403   201 201',
  listKeys: '    401 401 401 401 401   403 403 200 200 200 403   403 403 403   200 200',
  revokeKey: '   401 401 401 401 401   403 403 204 204 204 403   403 403 403   404 404',
};

type Answer = { status: number; text: string };

let db: TestDatabase;
let server: Awaited<ReturnType<typeof compose>>;
let url: string;
let mine: string;
let callers: TestCallers;
let senders: Map<string, Sender>;

beforeAll(async () => {
  db = await startDatabase();
  const env = { DATABASE_URL: db.url, TOKEN_SECRET, PASSWORD_PEPPER: 'p'.repeat(32), HOST_METRICS: 'off' };
  server = await compose(readConfig(env), silent);
  await new Promise<void>((resolve) => server.http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.http.address() as AddressInfo).port}`;

  ({ callers, mine, senders } = await createSenders(db.database));
  const streams = ['canary.private', 'canary.public'].map((stream) => ({ stream, points: [[Date.now(), 1]] }));
  expect(await send('writePoints', 'secret', { body: { streams } })).toMatchObject({ status: 204 });
  expect(await send('changeStreams', 'secret', { body: { select: 'canary.public', public: true } })).toMatchObject({
    status: 200,
  });
});

afterAll(async () => {
  await server.close();
  await db.stop();
});

describe.each(Object.keys(endpoints) as EndpointName[])('%s', (name) => {
  const statuses = table[name].trim().split(/\s+/).map(Number);

  test.each(columns.map((sender, i) => [sender, statuses[i]]))('%s: %i', async (sender, status) => {
    const answer = await send(name, sender, await requests[name]());
    expect(answer).toMatchObject({ status });
    if (answer.status >= 400)
      expect(wordsOf(answer)).toMatchObject({ code: expect.anything(), message: expect.any(String) });
  });
});

describe('writePoints over a WebSocket', () => {
  const statuses = table.writePoints.trim().split(/\s+/).map(Number);

  test.each(columns.map((sender, i) => [sender, statuses[i]!]))('%s: as over HTTP, %i', async (sender, status) => {
    const { bearer, origin } = senders.get(sender)!;
    const socket = connectSender(url, { key: bearer, origin });
    await Promise.race([once(socket.ws, 'open'), socket.closed]);
    if (status === 204) {
      socket.say({ id: 1, stream: 'canary.socket', points: [[Date.now(), 1]] });
      expect(await socket.heard(1)).toEqual([{ id: 1, ok: true }]);
      socket.ws.close();
    } else expect((await socket.closed).code).toBe(4_000 + status);
  });
});

test('another organization sees nothing of ours, not even that it is there', async () => {
  const { id } = await callers.addKey(mine, 'ingest');
  for (const sender of ['otherOwner', 'otherSecret']) {
    expect(JSON.parse((await send('listStreams', sender, { query: '?select=canary.p*' })).text)).toEqual({
      streams: [],
    });
    expect((await send('listKeys', sender)).text).not.toContain(id);
    expect((await send('me', sender)).text).not.toContain(mine);
    const [there, nowhere] = await Promise.all(
      [id, crypto.randomUUID()].map((each) => send('revokeKey', sender, { id: each })),
    );
    expect(there).toEqual(nowhere);
  }
});

test('a publishable key sees the public streams and none besides', async () => {
  const { text } = await send('listStreams', 'page', { query: '?select=canary.*' });
  expect((JSON.parse(text) as { streams: { stream: string }[] }).streams.map(({ stream }) => stream)).toEqual([
    'canary.public',
  ]);
  const { text: points } = await send('query', 'page', { query: '?select=canary.*' });
  expect(points).not.toContain('canary.private');
});

/** Agents are answered in their own words, which also have a code and a message. */
function wordsOf({ text }: Answer): unknown {
  const body = JSON.parse(text) as { error?: unknown };
  return body.error ?? body;
}

type Parts = { query?: string; body?: unknown; type?: string; id?: string };

/** A request that is right, for each endpoint; what it takes away is made for it. */
const requests: Record<EndpointName, () => Parts | Promise<Parts>> = {
  writePoints: () => ({ body: { stream: 'canary.written', points: [[Date.now(), 1]] } }),
  uploadPoints: () => ({ body: 'time,canary.written\nnow,1', type: 'text/csv' }),
  writeInflux: () => ({ body: 'canary.written value=1', type: 'text/plain' }),
  writeInfluxV1: () => ({ body: 'canary.written value=1', type: 'text/plain' }),
  writeOtlp: () => ({ body: {} }),
  // No series at all is a message without bytes.
  writePrometheus: () => ({ body: '', type: 'application/x-protobuf' }),
  query: () => ({ query: '?select=canary.private' }),
  listStreams: () => ({ query: '?select=canary.*' }),
  changeStreams: () => ({ body: { select: 'canary.private', public: false } }),
  // Somebody else each time, or there would be too many tries for one.
  login: () => ({ body: { email: `${crypto.randomUUID()}@example.com`, password: 'wrong' } }),
  me: () => ({}),
  createKey: () => ({ body: { kind: 'ingest', name: 'Made' } }),
  listKeys: () => ({}),
  revokeKey: async () => ({ id: (await callers.addKey(mine, 'ingest')).id }),
};

async function send(name: EndpointName, sender: string, parts: Parts = {}): Promise<Answer> {
  const { query = '', body, type = 'application/json', id = '' } = parts;
  const { bearer, origin } = senders.get(sender)!;
  const { method, path } = endpoints[name];
  const response = await fetch(`${url}${path.replace(':id', id)}${query}`, {
    method,
    headers: {
      ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
      ...(origin === undefined ? {} : { Origin: origin }),
      ...(body === undefined ? {} : { 'Content-Type': type }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}
