import { PROTOCOL_VERSION, type ErrorBody, type Reply } from '@quantumflux/sdk/protocol';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { get, post, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
let socket: Socket;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer({ dataDir: folder.path });
  await post(server.url, { stream: 'known', points: [[Date.now(), 1]] });
  socket = io(server.url, {
    transports: ['websocket'],
    reconnection: false,
    auth: { protocol: PROTOCOL_VERSION, key: SECRET_KEY },
  });
  await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
});
afterAll(async () => {
  socket.close();
  await server.stop();
  await folder.remove();
});

const errorOf = async (response: Response) => ((await response.json()) as { error: ErrorBody }).error;
const point = (value: unknown) => `{"stream":"bad","points":[[1763800000000,${String(value)}]]}`;

test.each([
  ['NaN', point('NaN'), 400, undefined],
  ['an infinite value', point('1e999'), 400, 'points.0.1'],
  ['a value that is text', point('"1"'), 400, 'points.0.1'],
  ['a time that is text', '{"stream":"bad","points":[["now",1]]}', 400, 'points.0.0'],
  ['an unknown key', '{"stream":"bad","colour":"red","points":[[1,1]]}', 400, undefined],
  ['half a body', '{"stream":"bad"', 400, undefined],
  ['an empty body', '', 400, undefined],
  ['10 MB', `{"stream":"bad","points":[${'[1,1],'.repeat(1_700_000)}[1,1]]}`, 413, undefined],
])('%s is refused with a sentence, and nothing is stored', async (_, body, status, path) => {
  const response = await post(server.url, body);
  expect(response.status).toBe(status);
  const error = await errorOf(response);
  expect(error.message).toMatch(/^.{10,}\.$/);
  if (path !== undefined) expect(error.path).toBe(path);
  expect(await (await get(server.url, '/api/v1/streams?select=bad')).json()).toEqual({ streams: [] });
});

test('one bad point refuses the whole write', async () => {
  const good = { stream: 'bad.a', points: [[Date.now(), 1]] };
  const response = await post(server.url, { streams: [good, { stream: 'bad.b', points: [[Date.now(), null]] }] });
  expect(await errorOf(response)).toMatchObject({ code: 'invalid_input', path: 'streams.1.points.0.1' });
  expect(await (await get(server.url, '/api/v1/streams?select=bad.*')).json()).toEqual({ streams: [] });
});

test.each([
  ['/api/v1/query?select=no.such', 404, 'not_found'],
  ['/api/v1/query', 400, 'invalid_input'],
  ['/api/v1/query?select=known&width=0', 400, 'invalid_input'],
  ['/api/v1/query?select=known&from=yesterday', 400, 'invalid_input'],
  ['/api/v1/query?select=known&from=-1m&to=-2m', 400, 'invalid_input'],
  ['/api/v1/query?select=known{', 400, 'invalid_input'],
  ['/api/v1/query?select=known&unknown=1', 400, 'invalid_input'],
  ['/api/v1/nothing', 404, 'not_found'],
])('GET %s is answered %i %s', async (path, status, code) => {
  const response = await get(server.url, path.replace('{', '%7B'));
  expect({ status: response.status, code: (await errorOf(response)).code }).toEqual({ status, code });
});

test.each([
  ['the query', '/api/v1/query?select=known'],
  ['the streams', '/api/v1/streams'],
  ['the keys', '/api/v1/keys'],
])('anonymous gets nothing: %s', async (_, path) => {
  const response = await fetch(server.url + path);
  expect(response.status).toBe(401);
});

test('anonymous cannot write, and no socket opens for them', async () => {
  expect((await post(server.url, { stream: 'bad', points: [[1, 1]] }, 'qf_sk_wrong')).status).toBe(401);
  const stranger = io(server.url, {
    transports: ['websocket'],
    reconnection: false,
    auth: { protocol: PROTOCOL_VERSION },
  });
  const error = await new Promise<Error & { data?: ErrorBody }>((resolve) => stranger.on('connect_error', resolve));
  expect(error.data).toMatchObject({ code: 'unauthenticated' });
  stranger.close();
});

test.each<[string, string, unknown, string]>([
  ['no selector', 'subscribe', {}, 'invalid_input'],
  ['not even an object', 'subscribe', 7, 'invalid_input'],
  ['an unknown key', 'subscribe', { selector: 'known', colour: 'red' }, 'invalid_input'],
  ['a broken selector', 'subscribe', { selector: 'known{a=' }, 'invalid_input'],
  ['an unknown stream', 'subscribe', { selector: 'no.such' }, 'not_found'],
  ['a position that is none', 'subscribe', { selector: 'known', resume: { epoch: -1, offsets: [] } }, 'invalid_input'],
  ['an unknown channel', 'unsubscribe', { channel: 999_999 }, 'not_found'],
  ['an unknown event', 'explode', {}, 'invalid_input'],
])('%s in a socket event is answered, and the socket stays up', async (_, event, input, code) => {
  const reply = (await socket.timeout(5_000).emitWithAck(event, input)) as Reply<unknown>;
  expect(reply).toMatchObject({ ok: false, error: { code } });
  const next = (await socket.emitWithAck('subscribe', { selector: 'known' })) as Reply<{ channel: number }>;
  expect(next.ok).toBe(true);
  if (next.ok) await socket.emitWithAck('unsubscribe', { channel: next.value.channel });
});

test('an event without an answer function does no harm', async () => {
  socket.emit('subscribe', { selector: 7 });
  socket.emit('subscribe');
  expect(await socket.emitWithAck('subscribe', { selector: 'known' })).toMatchObject({ ok: true });
});

test('what was refused is in the log once, as a request, and never as an error', () => {
  const lines = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  const entries = lines.map((line) => JSON.parse(line) as { level: string; details?: { requestId?: string } });
  expect(entries.filter(({ level }) => level !== 'info')).toEqual([]);
  const ids = entries.flatMap(({ details }) => details?.requestId ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  expect(server.output()).not.toContain(SECRET_KEY);
});
