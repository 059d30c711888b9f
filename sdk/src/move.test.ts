import { afterEach, expect, test } from 'vitest';
import { addressOf } from './address.ts';
import { QuantumFluxClient } from './client.ts';
import { Connection } from './connection.ts';
import { createCredentials } from './credentials.ts';
import type { ConnectionState } from './index.ts';
import { Lease } from './lease.ts';
import { openLink, type OpenLink } from './link.ts';
import { QuantumFluxError } from './protocol/index.ts';
import { has, isLive, record, until } from './testing/live.fixture.ts';
import { createTestServer, type TestServer } from './testing/test-server.ts';

// Two doors to one server in memory would not show that a client moves, so these are two servers with the same journal:
// what is written is written to both.
let servers: TestServer[] = [];
let client: QuantumFluxClient;
let keeping: Lease | undefined;
/** Which of them answers at the address. */
let answers: number;

afterEach(async () => {
  client.close();
  keeping?.close();
  await Promise.all(servers.map((server) => server.close()));
});

const balancer: OpenLink = (address, ...rest) => openLink({ ...address, origin: servers[answers]!.url }, ...rest);

async function start({ refuse = () => false }: { refuse?: () => boolean } = {}): Promise<void> {
  answers = 0;
  const admit = () => {
    if (refuse()) throw new QuantumFluxError('unavailable', 'No room.');
  };
  servers = [
    await createTestServer({ heartbeatMs: Infinity }),
    await createTestServer({ heartbeatMs: Infinity, admit }),
  ];
  const options = { url: 'http://flux.test', key: 'qf_pk_test', reconnect: { minMs: 5, maxMs: 20 }, lingerMs: 0 };
  client = new QuantumFluxClient(options, { openLink: balancer, fetch });
}

function write(...values: number[]): void {
  for (const value of values)
    for (const server of servers) server.write({ stream: 'cpu', points: [[Date.now() - 60_000 + value, value]] });
}

const connections = () => servers.map((server) => server.connections);

test('[G2] a server that will stop is left without an interruption: nothing is lost, doubled or shown as stale', async () => {
  await start();
  write(0);
  const live = client.stream('cpu');
  const other = client.stream('cpu', { width: 100 });
  const { updates } = record(live);
  other.watch(() => undefined);
  await Promise.all([isLive(live), isLive(other)]);
  const states: ConnectionState[] = [];
  client.on('state', (state) => states.push(state));
  const { connectedSince } = client.diagnostics();
  const all = [0];
  for (let i = 1; i <= 200; i++) {
    write(i);
    all.push(i);
    if (i === 50) {
      answers = 1;
      servers[0]!.drain({ afterMs: 10 });
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await until(() => expect(connections()).toEqual([0, 1]));
  write(201);
  all.push(201);
  await Promise.all([has(live, ...all), has(other, ...all)]);
  expect(states).toMatchObject([{ is: 'connected', reason: 'moved' }]);
  const first = updates.findIndex(({ is }) => is === 'live');
  expect(updates.slice(first).filter(({ is, resync }) => is !== 'live' || resync)).toEqual([]);
  expect(client.diagnostics()).toMatchObject({ moves: 1, reconnects: 0, connectedSince });
  expect(servers[1]!.requests.every(({ resume }) => resume)).toBe(true);
  expect(servers.map((server) => server.subscriptions)).toEqual([0, 2]);
});

test('[G2] while the new server does not take it, all goes on at the old one', async () => {
  let isFull = true;
  await start({ refuse: () => isFull });
  write(0);
  const live = client.stream('cpu');
  const { updates } = record(live);
  await isLive(live);
  answers = 1;
  servers[0]!.drain();
  await until(() => expect(servers[1]!.handshakes.length).toBeGreaterThan(3));
  write(1);
  await has(live, 0, 1);
  expect(connections()).toEqual([1, 0]);
  isFull = false;
  await until(() => expect(connections()).toEqual([0, 1]));
  write(2);
  await has(live, 0, 1, 2);
  const first = updates.findIndex(({ is }) => is === 'live');
  expect(updates.slice(first).every(({ is }) => is === 'live')).toBe(true);
});

test('[G2] a server that stops before the new one is there is a lost connection like any other', async () => {
  let isFull = true;
  await start({ refuse: () => isFull });
  write(0);
  const live = client.stream('cpu');
  live.watch(() => undefined);
  await isLive(live);
  answers = 1;
  servers[0]!.drain();
  await until(() => expect(servers[1]!.handshakes.length).toBeGreaterThan(0));
  servers[0]!.cut();
  write(1);
  await until(() => expect(live.state.is).toBe('stale'));
  isFull = false;
  await has(live, 0, 1);
  await isLive(live);
});

test('[G2] [P1] what is kept up on the connection is told to the new server, and after a reconnect', async () => {
  await start();
  const connection = new Connection({
    address: addressOf('http://flux.test'),
    credentials: createCredentials({}),
    openLink: balancer,
    reconnect: { minMs: 5, maxMs: 20 },
    silenceMs: 15_000,
  });
  const lease = (keeping = new Lease(connection));
  const told: unknown[] = [];
  const heard: string[] = [];
  const stop = lease.keep(
    (ask) => void ask('presence.join', { room: 'a', name: 'Ada' }).then(({ present }) => told.push(present)),
    (...[name]) => void heard.push(name),
  );
  await until(() => expect(told.length).toBe(1));
  answers = 1;
  servers[0]!.drain();
  await until(() => expect([connections(), told.length]).toEqual([[0, 1], 2]));
  servers[1]!.cut();
  await until(() => expect(told.length).toBe(3));
  expect(told).toMatchObject(Array(3).fill([{ name: 'Ada' }]));
  expect(heard).toEqual(['welcome', 'drain', 'welcome', 'welcome']);
  stop();
  await until(() => expect(connections()).toEqual([0, 0]));
});
