import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Channels } from './channels.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { connect, type ClientOptions, type QuantumFluxClient } from './index.ts';
import { SHAPE } from './shared-connection.ts';
import { has, isLive, until } from './testing/live.fixture.ts';
import { createTestServer, type TestServer } from './testing/test-server.ts';

let server: TestServer;
let clients: QuantumFluxClient[];

beforeEach(async () => {
  clients = [];
  server = await createTestServer({ heartbeatMs: Infinity });
  server.write({ stream: 'cpu', points: [[Date.now(), 1]] });
  server.write({ stream: 'disk', points: [[Date.now(), 2]] });
});

afterEach(async () => {
  for (const client of clients) client.close();
  await server.close();
});

const nobody = { key: undefined };
const quick = { reconnect: { minMs: 5, maxMs: 50 }, lingerMs: 0 };

function clientOf(options: Partial<ClientOptions> = {}, make = connect): QuantumFluxClient {
  const client = make({ url: server.url, key: 'qf_pk_test', share: true, ...quick, ...options } as ClientOptions);
  clients.push(client);
  return client;
}

test('clients of the same address and identity have one connection', async () => {
  const [a, b] = [clientOf(), clientOf()];
  const [cpu, disk] = [a.stream('cpu'), b.stream('disk')];
  cpu.watch(() => undefined);
  disk.watch(() => undefined);
  await Promise.all([isLive(cpu), isLive(disk)]);
  expect([server.connections, server.subscriptions, server.handshakes.length]).toEqual([1, 2, 1]);
  server.cut();
  await until(() => expect(server.handshakes.length).toBe(2));
  await Promise.all([isLive(cpu), isLive(disk)]);
  expect(server.connections).toBe(1);
});

test.each<[string, Partial<ClientOptions>]>([
  ['another key', { key: 'qf_pk_other' }],
  ['no key', { ...nobody }],
  ['a token', { ...nobody, getToken: () => Promise.resolve('token') }],
  ['other options of the connection', { silenceMs: 20_000 }],
  ['no wish to share', { share: false }],
])('%s is a connection of its own', async (_, options) => {
  const [a, b] = [clientOf(), clientOf(options)];
  a.stream('cpu').watch(() => undefined);
  b.stream('cpu').watch(() => undefined);
  await Promise.all([isLive(a.stream('cpu')), isLive(b.stream('cpu'))]);
  expect(server.connections).toBe(2);
});

test('outside of a page nothing is shared unless somebody says so', async () => {
  for (const client of [1, 2].map(() => connect({ url: server.url, key: 'qf_pk_test' }))) {
    clients.push(client);
    client.stream('cpu').watch(() => undefined);
    await isLive(client.stream('cpu'));
  }
  expect(server.connections).toBe(2);
});

describe('close()', () => {
  test('ends the client, not the others; the last one ends the connection', async () => {
    const [a, b] = [clientOf(), clientOf()];
    const told = vi.fn();
    const states = vi.fn();
    a.on('state', states);
    a.stream('cpu').watch(told);
    b.stream('cpu').watch(() => undefined);
    await Promise.all([isLive(a.stream('cpu')), isLive(b.stream('cpu'))]);
    a.close();
    expect([a.state, b.state.is]).toEqual([{ is: 'closed' }, 'connected']);
    expect(states).toHaveBeenLastCalledWith({ is: 'closed' });
    await until(() => expect(server.subscriptions).toBe(1));
    told.mockClear();
    server.write({ stream: 'cpu', points: [[Date.now(), 3]] });
    await has(b.stream('cpu'), 1, 3);
    expect(told).not.toHaveBeenCalled();
    b.close();
    await until(() => expect(server.connections).toBe(0));
    const c = clientOf();
    c.stream('cpu').watch(() => undefined);
    await has(c.stream('cpu'), 1, 3);
  });

  test('twice is once', async () => {
    const [a, b] = [clientOf(), clientOf()];
    b.stream('cpu').watch(() => undefined);
    await isLive(b.stream('cpu'));
    a.close();
    a.close();
    expect(b.state.is).toBe('connected');
  });
});

test('one token is fetched for all, and requests use it as well', async () => {
  let count = 0;
  const tokens = { ...nobody, getToken: () => Promise.resolve(`token ${++count}`) };
  const [a, b] = [clientOf(tokens), clientOf(tokens)];
  a.stream('cpu').watch(() => undefined);
  b.stream('disk').watch(() => undefined);
  await Promise.all([isLive(a.stream('cpu')), isLive(b.stream('disk'))]);
  // A request brings its token before it sees that nobody waits for it.
  await b.streams('*', { signal: AbortSignal.abort() }).catch(() => undefined);
  expect(count).toBe(1);
});

test('another copy of this package on the page shares as well', async () => {
  vi.resetModules();
  const other = await import('./index.ts');
  expect(other.connect).not.toBe(connect);
  const [a, b] = [clientOf(), clientOf({}, other.connect)];
  const cpu = b.stream('cpu');
  a.stream('cpu').watch(() => undefined);
  cpu.watch(() => undefined);
  await Promise.all([isLive(a.stream('cpu')), isLive(cpu)]);
  expect(server.connections).toBe(1);
  // An error of one copy is an error for the other.
  const wrong = b.stream('cpu{');
  wrong.watch(() => undefined);
  await until(() => expect(wrong.state).toMatchObject({ is: 'error', error: { code: 'invalid_input' } }));
  expect(wrong.state.is === 'error' && wrong.state.error).toBeInstanceOf(other.QuantumFluxError);
  a.close();
  server.write({ stream: 'cpu', points: [[Date.now(), 3]] });
  await has(cpu, 1, 3);
});

test('a copy of another shape does not', async () => {
  const page = globalThis as unknown as Record<symbol, Map<number, unknown[]>>;
  const a = clientOf();
  const shapes = page[Symbol.for('quantumflux.connections')]!;
  shapes.set(SHAPE + 1, shapes.get(SHAPE)!);
  shapes.set(SHAPE, []);
  const b = clientOf();
  a.stream('cpu').watch(() => undefined);
  b.stream('cpu').watch(() => undefined);
  await Promise.all([isLive(a.stream('cpu')), isLive(b.stream('cpu'))]);
  expect(server.connections).toBe(2);
});

// When this fails, raise SHAPE in shared-connection.ts, and write down here what it is now.
test('the shape is what it is known to be', () => {
  const namesOf = (thing: object) => Object.getOwnPropertyNames(thing).sort().join(' ');
  const connection = new Connection({} as ConnectionOptions);
  expect([SHAPE, namesOf(connection), namesOf(Connection.prototype), namesOf(Channels.prototype)]).toEqual([
    1,
    'clock rooms traffic',
    'channels close constructor hear join link observe state',
    'constructor deliver isListening subscribe whenEmpty',
  ]);
});
