import fc from 'fast-check';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createDatabase } from '../../../../tests/postgres.ts';
import { createReadableLog } from '../../app.testing.ts';
import { newKey } from '../../auth/keys.ts';
import { compose } from '../../compose.ts';
import { readConfig } from '../../config.ts';
import { findFreePort } from '../../database/embedded/ports.ts';
import { encodeColumns } from '../columns.testing.ts';
import { binaryMessage, connectSender, openSender, type TestSender } from './points.socket.testing.ts';
import { POINTS_PROTOCOL } from './subprotocol.ts';

const KEY = `qf_sk_${'5ocket'.repeat(8)}`;
const log = createReadableLog();
let server: Awaited<ReturnType<typeof compose>>;
let url: string;

beforeAll(async () => {
  const env = {
    DATABASE_URL: await createDatabase({ template: 'migrated' }),
    TOKEN_SECRET: 't'.repeat(32),
    PASSWORD_PEPPER: 'p'.repeat(32),
    BOOTSTRAP_SECRET_KEY: KEY,
  };
  server = await compose(readConfig(env), log);
  const port = await findFreePort();
  await new Promise<void>((done) => server.http.listen(port, '127.0.0.1', done));
  url = `http://127.0.0.1:${port}`;
});
afterAll(() => server.close());
beforeEach(() => void log.lines.splice(0));

async function open(options: { protocols?: string[] } = {}): Promise<TestSender> {
  const sender = await openSender(url, { key: KEY, ...options });
  onTestFinished(() => sender.ws.terminate());
  return sender;
}

const ask = (path: string, init: RequestInit = {}) =>
  fetch(url + path, { ...init, headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' } });

/** The values of a stream in the order of their times; none when there is no such stream. */
async function valuesOf(stream: string): Promise<number[]> {
  const response = await ask(`/api/v1/query?select=${stream}&from=0&to=1000000`);
  return response.status === 404 ? [] : ((await response.json()) as { streams: { v: number[] }[] }).streams[0]!.v;
}

const write = (id: number, stream: string, ...points: [number, number][]) => ({ id, stream, points });

test('[W2] messages are answered in their order, each once its points are stored', async () => {
  const { say, heard } = await open();
  say(write(0, 'socket.order', [0, 0]));
  expect(await heard(1)).toEqual([{ id: 0, ok: true }]);
  expect(await valuesOf('socket.order')).toEqual([0]);
  for (let id = 1; id <= 500; id++) say(write(id, 'socket.order', [id, id]));
  const answers = await heard(501);
  expect(answers).toEqual(Array.from({ length: 501 }, (_, id) => ({ id, ok: true })));
  expect(await valuesOf('socket.order')).toHaveLength(501);
});

test('[W2] of two messages with the same time the later one wins, however quickly they come', async () => {
  const { say, heard } = await open();
  for (let id = 0; id < 300; id++) say(write(id, `socket.newest${id % 3}`, [1, id]));
  await heard(300);
  for (const i of [0, 1, 2]) expect(await valuesOf(`socket.newest${i}`)).toEqual([297 + i]);
});

test('[W4] columns go as binary messages', async () => {
  const { say, heard } = await open();
  const columns = encodeColumns([{ stream: 'socket.columns', times: [1, 2], values: [3, 4] }]);
  say(binaryMessage(4_000_000_000, columns));
  say(binaryMessage(7, columns, 'a-key'));
  say(binaryMessage(8, columns, 'a-key'));
  expect(await heard(3)).toEqual([
    { id: 4_000_000_000, ok: true },
    { id: 7, ok: true },
    { id: 8, ok: true, replayed: true },
  ]);
  expect(await valuesOf('socket.columns')).toEqual([3, 4]);
});

test('[I1] a message with a key is stored once, also when it comes twice at once or over another socket', async () => {
  const [a, b] = [await open(), await open()];
  const keyed = (id: number, value: number) => ({ ...write(id, 'socket.once', [1, value]), idempotencyKey: 'once' });
  a.say(keyed(1, 5));
  a.say(keyed(2, 5));
  a.say(keyed(3, 6));
  expect(await a.heard(3)).toMatchObject([
    { id: 1, ok: true },
    { id: 2, ok: true, replayed: true },
    { id: 3, ok: false, error: { code: 'idempotency_key_reused' } },
  ]);
  b.say(keyed(1, 5));
  expect(await b.heard(1)).toEqual([{ id: 1, ok: true, replayed: true }]);
});

test.each<[string, unknown, object]>([
  ['no JSON', '{', { id: null, error: { code: 'invalid_input' } }],
  ['a list', '[]', { id: null, error: { code: 'invalid_input' } }],
  ['no id', { stream: 'socket.bad', points: [[1, 1]] }, { id: null, error: { code: 'invalid_input', path: 'id' } }],
  ['an id that is none', { ...write(-1, 'socket.bad', [1, 1]) }, { id: null, error: { path: 'id' } }],
  [
    'a bad point',
    {
      ...write(1, 'socket.bad'),
      points: [
        [1, 1],
        [2, '2'],
      ],
    },
    { id: 1, error: { path: 'points.1.1' } },
  ],
  ['an unknown key', { ...write(2, 'socket.bad', [1, 1]), colour: 'red' }, { id: 2, error: { code: 'invalid_input' } }],
  [
    'a bad key',
    { ...write(3, 'socket.bad', [1, 1]), idempotencyKey: '' },
    { id: 3, error: { path: 'idempotencyKey' } },
  ],
  ['three bytes', Buffer.of(1, 2, 3), { id: null, error: { code: 'invalid_input' } }],
  ['a key that is cut off', Buffer.of(9, 0, 0, 0, 200, 65), { id: 9, error: { code: 'invalid_input' } }],
  ['broken columns', binaryMessage(5, Buffer.of(1, 2)), { id: 5, error: { code: 'invalid_input' } }],
])('%s is refused with a sentence, nothing of it is stored, and the next message is', async (_, message, refusal) => {
  const { say, heard } = await open();
  say(message);
  say(write(77, 'socket.good', [1, 1]));
  const [answer, next] = await heard(2);
  expect(answer).toMatchObject({ ok: false, ...refusal });
  expect(answer!.error!.message).toMatch(/^.{10,}\.$/s);
  expect(next).toEqual({ id: 77, ok: true });
  expect(await valuesOf('socket.bad')).toEqual([]);
});

describe('[W1] who is let in', () => {
  test.each([
    ['nobody', {}, 4_401, 'unauthenticated'],
    ['a key that does not exist', { key: newKey('secret') }, 4_401, 'unauthenticated'],
    ['a key that may only read', { key: 'qf_pk_demo', origin: 'http://localhost:1234' }, 4_403, 'forbidden'],
  ])('%s is told why, and closed', async (_, options, code, reason) => {
    const sender = connectSender(url, options);
    expect(await sender.closed).toEqual({ code, reason });
    expect(sender.answers).toMatchObject([{ id: null, ok: false, error: { code: reason } }]);
  });

  test('a page shows its key among the subprotocols, and gets only the other one back', async () => {
    const { ws, say, heard } = await openSender(url, { protocols: [POINTS_PROTOCOL, `bearer.${KEY}`] });
    onTestFinished(() => ws.terminate());
    expect(ws.protocol).toBe(POINTS_PROTOCOL);
    say(write(1, 'socket.page', [1, 1]));
    expect(await heard(1)).toEqual([{ id: 1, ok: true }]);
    expect(JSON.stringify(log.lines)).not.toContain(KEY);
  });

  test.each([
    ['without the subprotocol', '/api/v1/points', {}, 400],
    ['in the URL', `/api/v1/points?key=${KEY}`, { 'sec-websocket-protocol': 'mqtt' }, 400],
    ['at another address', '/api/v1/query', { 'sec-websocket-protocol': POINTS_PROTOCOL }, 404],
  ])('who asks %s is answered in HTTP', async (_, path, headers, status) => {
    const req = request(url + path, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        ...headers,
      },
    }).end();
    const [response] = (await once(req, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(status);
  });

  test('a key that is revoked ends its socket', async () => {
    const made = await ask('/api/v1/keys', {
      method: 'POST',
      body: JSON.stringify({ kind: 'ingest', name: 'Device' }),
    });
    const { id, key } = (await made.json()) as { id: string; key: string };
    const { say, heard, closed } = await openSender(url, { key });
    say(write(1, 'socket.device', [1, 1]));
    await heard(1);
    await ask(`/api/v1/keys/${id}`, { method: 'DELETE' });
    expect(await closed).toEqual({ code: 4_401, reason: 'unauthenticated' });
  });
});

test('it lives beside Socket.io: neither ends the sockets of the other', async () => {
  const viewer = io(url, { transports: ['websocket'], reconnection: false, auth: { protocol: 1, key: KEY } });
  onTestFinished(() => void viewer.close());
  await new Promise<void>((done, fail) => viewer.on('connect', done).on('connect_error', fail));
  const { ws, say, heard } = await open();
  // Longer than Socket.io gives a connection that it does not know.
  await sleep(1_500);
  say(write(1, 'socket.beside', [1, 1]));
  await heard(1);
  expect(viewer.connected).toBe(true);
  expect(ws.readyState).toBe(WebSocket.OPEN);
});

test('[W5] a message that is too large ends the socket', async () => {
  const { ws, closed } = await open();
  ws.send('x'.repeat(9 * 1_024 * 1_024));
  expect(await closed).toMatchObject({ code: 1_009 });
});

describe('whatever comes', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ id: fc.anything(), stream: fc.anything(), points: fc.anything() })
      .map((value) => JSON.stringify(value, safe)),
    fc
      .record({
        id: fc.nat(),
        points: fc.array(fc.tuple(fc.oneof(fc.double(), fc.string()), fc.double()), { maxLength: 3 }),
      })
      .map((rest) => JSON.stringify({ stream: 'socket.fuzz', ...rest })),
  );
  const body = encodeColumns([{ stream: 'socket.fuzz', times: [1, 2], values: [3, 4] }]);
  const binaries = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.nat(body.length + 4), fc.nat(255)).map(([at, byte]) => {
      const message = binaryMessage(1, body);
      message[at] = byte;
      return message;
    }),
  );

  test('it is answered; what is refused has stored nothing', async () => {
    const { say, heard, ws } = await open();
    const stored = async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(/^quantumflux_points_ingested_total (\d+)/m.exec(text)![1]);
    };
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(texts, binaries), async (message) => {
        const before = await stored();
        say(message);
        count += 1;
        const { ok, error } = (await heard(count))[count - 1]!;
        expect(ws.readyState).toBe(WebSocket.OPEN);
        if (ok) return;
        expect(['invalid_input', 'too_large']).toContain(error!.code);
        expect(await stored()).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  test('bytes that are no frames end their socket, and no other', async () => {
    const other = await open();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 100 }), async (bytes) => {
        const { hostname, port } = new URL(url);
        const socket = connect(Number(port), hostname);
        socket.on('error', () => {});
        socket.write(
          `GET /api/v1/points HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${KEY}\r\nConnection: Upgrade\r\n` +
            'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
            `Sec-WebSocket-Protocol: ${POINTS_PROTOCOL}\r\n\r\n`,
        );
        await once(socket, 'data');
        socket.write(bytes);
        socket.end();
        await once(socket, 'close');
      }),
      { numRuns: 100 },
    );
    other.say(write(1, 'socket.other', [1, 1]));
    expect(await other.heard(1)).toEqual([{ id: 1, ok: true }]);
    expect(log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });
});

function safe(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
