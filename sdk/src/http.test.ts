import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { connect, type ClientOptions } from './index.ts';

type Seen = { method: string; url: string; authorization: string | undefined; key: string | undefined; body: string };

let server: Server;
const seen: Seen[] = [];

afterEach(() => {
  seen.length = 0;
  server.closeAllConnections();
  server.close();
});

/** A client of a server that answers every request in the same way. */
async function clientOf(answer: (response: ServerResponse, seen: Seen) => void, options: Partial<ClientOptions> = {}) {
  server = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const { authorization, 'idempotency-key': key } = headers;
      const one = { method, url, authorization, key: key as string | undefined, body };
      seen.push(one);
      answer(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/flux/`;
  return connect({ url, key: 'qf_sk_1', ...options } as ClientOptions);
}

function json(status: number, body: unknown) {
  return (response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

test('a query goes where the API is, with the key and what was asked for', async () => {
  const client = await clientOf(json(200, { streams: [] }));
  expect(await client.query({ select: 'plant.temp{line="3"}', from: '-1h', width: 800 })).toEqual({ streams: [] });
  const { method, url, authorization } = seen[0]!;
  expect([method, authorization]).toEqual(['GET', 'Bearer qf_sk_1']);
  const { pathname, searchParams } = new URL(url, 'http://any');
  expect(pathname).toBe('/flux/api/v1/query');
  expect(Object.fromEntries(searchParams)).toEqual({ select: 'plant.temp{line="3"}', from: '-1h', width: '800' });
});

test('a query for functions names them and the groups; its answer has a column for each', async () => {
  const series = {
    stream: 'a',
    tags: {},
    unit: null,
    kind: 'counter',
    resolution: '1m',
    t: [0],
    rate: [null],
    p95: [1],
  };
  const client = await clientOf(json(200, { streams: [series] }));
  const { streams } = await client.query({ select: 'a', fn: ['rate', 'p95'], by: ['region', 'host'], step: '1m' });
  const [rate, p95]: ((number | null)[] | undefined)[] = [streams[0]?.rate, streams[0]?.p95];
  expect([rate, p95]).toEqual([[null], [1]]);
  await client.query({ select: 'a', fn: 'avg', by: [] });
  const asked = seen.map(({ url }) => Object.fromEntries(new URL(url, 'http://any').searchParams));
  expect(asked).toEqual([
    { select: 'a', fn: 'rate,p95', by: 'region,host', step: '1m' },
    { select: 'a', fn: 'avg', by: '' },
  ]);
});

test('a write sends one stream like many, and resolves when there is nothing to say', async () => {
  const client = await clientOf((response) => response.writeHead(204).end());
  const temp = { stream: 'plant.temp', points: [[1, 21.5]] as const };
  await client.write(temp);
  await client.write([temp, { ...temp, tags: { line: '3' } }]);
  expect(seen.map(({ method, body }) => [method, JSON.parse(body) as unknown])).toEqual([
    ['POST', { streams: [temp] }],
    ['POST', { streams: [temp, { ...temp, tags: { line: '3' } }] }],
  ]);
});

test('streams are a plain list', async () => {
  const client = await clientOf(json(200, { streams: [{ id: 1, stream: 'a', key: 'a' }] }));
  expect(await client.streams('a*')).toEqual([{ id: 1, stream: 'a', key: 'a' }]);
  expect(seen[0]!.url).toBe('/flux/api/v1/streams?select=a*');
});

test('[E1] a refusal is the error that the server sent', async () => {
  const client = await clientOf(
    json(400, { error: { code: 'invalid_input', message: 'from must be before to.', path: 'from' } }),
  );
  await expect(client.query({ select: 'a' })).rejects.toMatchObject({
    name: 'QuantumFluxError',
    code: 'invalid_input',
    message: 'from must be before to.',
    path: 'from',
  });
});

test('[E2] a code that is newer than the client is internal', async () => {
  const client = await clientOf(json(418, { error: { code: 'teapot', message: 'Short and stout.' } }));
  await expect(client.query({ select: 'a' })).rejects.toMatchObject({ code: 'internal', message: 'Short and stout.' });
});

test.each([
  [502, 'unavailable', 'The server answered 502 Bad Gateway.'],
  [404, 'not_found', 'The server answered 404 Not Found.'],
  [500, 'internal', 'The server answered 500 Internal Server Error.'],
  [200, 'internal', 'The server answered 200 OK, but not in JSON.'],
])('an answer of %i that is not ours is a sentence with the status', async (status, code, message) => {
  const client = await clientOf((response) => response.writeHead(status).end('<html>nginx</html>'));
  await expect(client.query({ select: 'a' }, { retry: false })).rejects.toMatchObject({
    name: 'QuantumFluxError',
    code,
    message,
  });
});

test('a server that is not there is unavailable', async () => {
  const client = await clientOf(() => undefined);
  await new Promise((resolve) => server.close(resolve));
  await expect(client.query({ select: 'a' }, { retry: false })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('cannot be reached') as string,
  });
});

test('a caller that gives up gets its own reason', async () => {
  const client = await clientOf(() => undefined);
  const controller = new AbortController();
  const answer = client.query({ select: 'a' }, { signal: controller.signal });
  controller.abort(new Error('The user left.'));
  await expect(answer).rejects.toThrow('The user left.');
});

test('a token is asked for once, and once more when the server says that it is no longer good', async () => {
  let count = 0;
  const client = await clientOf(
    (response, { authorization }) => {
      if (authorization === 'Bearer token 2') json(200, { streams: [] })(response);
      else json(401, { error: { code: 'unauthenticated', message: 'Expired.' } })(response);
    },
    { key: undefined, getToken: () => Promise.resolve(`token ${++count}`) },
  );
  await Promise.all([client.query({ select: 'a' }), client.query({ select: 'b' })]);
  await client.query({ select: 'c' });
  expect(count).toBe(2);
});

test('a token that nobody brings is an error that says so', async () => {
  const client = await clientOf(json(200, {}), {
    key: undefined,
    getToken: () => Promise.reject(new Error('no session')),
  });
  await expect(client.query({ select: 'a' })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('no session') as string,
  });
});

describe('[E2] what may pass is sent again', () => {
  const temp = { stream: 'plant.temp', points: [[1, 21.5]] as const };
  const away = json(503, { error: { code: 'unavailable', message: 'The database is away.' } });

  test('[I1] [I2] a write with the same key and body, until it is stored', async () => {
    const answers: ((response: ServerResponse) => void)[] = [
      away,
      (response) => response.destroy(),
      (response) => {
        response.writeHead(409, { 'retry-after': '1', 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: { code: 'conflict', message: 'The first is under way.' } }));
      },
      (response) => response.writeHead(204).end(),
    ];
    const client = await clientOf((response) => answers[seen.length - 1]!(response));
    await client.write(temp);
    expect(seen.length).toBe(4);
    expect(seen[0]!.key).toMatch(/^[\x21-\x7e]{10,255}$/);
    expect(new Set(seen.map(({ key, body }) => `${key} ${body}`)).size).toBe(1);
  });

  test('each write has a key of its own, or the one that it was given', async () => {
    const client = await clientOf((response) => response.writeHead(204).end());
    await client.write(temp);
    await client.write(temp);
    await client.write(temp, { idempotencyKey: 'mine' });
    const keys = seen.map(({ key }) => key);
    expect([new Set(keys).size, keys[2]]).toEqual([3, 'mine']);
  });

  test('a query as well, and it has no key', async () => {
    const client = await clientOf((response) => (seen.length < 3 ? away : json(200, { streams: [] }))(response));
    expect(await client.query({ select: 'a' })).toEqual({ streams: [] });
    expect(seen.map(({ key }) => key)).toEqual([undefined, undefined, undefined]);
  });

  test('not before the server wants it', async () => {
    const times: number[] = [];
    const client = await clientOf((response) => {
      times.push(Date.now());
      if (times.length > 1) return response.writeHead(204).end();
      response.writeHead(429, { 'retry-after': '1', 'content-type': 'application/json' });
      return response.end(JSON.stringify({ error: { code: 'rate_limited', message: 'Slowly.' } }));
    });
    await client.write(temp);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(1_000);
  });

  test('not when the server wants to be left alone for long, and not when the caller does not want it', async () => {
    const client = await clientOf((response) => {
      response.writeHead(503, { 'retry-after': '60', 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: 'unavailable', message: 'In a minute.' } }));
    });
    await expect(client.write(temp)).rejects.toThrow('In a minute.');
    await expect(client.write(temp, { retry: false })).rejects.toThrow('In a minute.');
    expect(seen.length).toBe(2);
  });

  test('not what does not pass', async () => {
    const client = await clientOf(json(409, { error: { code: 'conflict', message: 'The unit is another one.' } }));
    await expect(client.write(temp)).rejects.toMatchObject({ code: 'conflict' });
    expect(seen.length).toBe(1);
  });

  test('not after the caller gave up', async () => {
    const client = await clientOf(away);
    const controller = new AbortController();
    const answer = client.write(temp, { signal: controller.signal });
    await expect.poll(() => seen.length).toBe(1);
    controller.abort(new Error('The user left.'));
    await expect(answer).rejects.toThrow('The user left.');
    const before = seen.length;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(seen.length).toBe(before);
  });
});

test('an answer that breaks off is unavailable', async () => {
  const client = await clientOf((response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"streams":');
    setTimeout(() => response.destroy(), 20);
  });
  await expect(client.query({ select: 'a' }, { retry: false })).rejects.toMatchObject({
    code: 'unavailable',
    message: 'The answer of the server broke off.',
  });
});
