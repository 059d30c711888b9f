import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReadableLog } from '../app.testing.ts';
import { createMemoryBus } from '../bus/bus.memory.ts';
import type { Bus } from '../bus/bus.ts';
import { silent } from '../log.ts';
import { connectStock, type StockClient } from './live.testing.ts';
import { startRevocation } from './revocation.ts';
import type { Rights } from './rights.ts';
import type { LiveServer } from './socket.ts';

const ID = '7e0a1f6c-58b1-4d8c-9c8e-0a4a3d3a8f10';
const reader: Rights = { organization: 'a', permissions: new Set(['streams.read']), publicOnly: false };

let bus: Bus;
let io: LiveServer;
let url: string;
let answer: () => Promise<ReadonlyMap<string, Rights>>;
const asked: (readonly string[])[] = [];
const log = createReadableLog();
const clients: StockClient[] = [];
let stop: () => Promise<void>;

/** A server on which everybody is who they say in `key`, and may do what `answer` says. */
async function start({ sweepMs }: { sweepMs: number }): Promise<void> {
  bus = createMemoryBus(silent);
  const http = createServer();
  io = new Server(http);
  const rights = (subjects: readonly string[]) => {
    asked.push(subjects);
    return answer();
  };
  const revocation = await startRevocation({ bus, log, rights }, { sweepMs });
  io.use((socket, next) => {
    const subject = String(socket.handshake.auth['key']);
    socket.data = { caller: { ...reader, subject, expiresAt: null }, protocol: 2, isBare: false };
    next();
  });
  io.on('connection', (socket) => {
    const leave = revocation.attend(socket);
    socket.on('disconnect', leave);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  stop = async () => {
    await revocation.stop();
    await io.close();
    await bus.close();
  };
}

beforeEach(() => {
  asked.length = 0;
  log.lines.length = 0;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await stop();
});

async function connect(subject: string): Promise<StockClient> {
  const client = connectStock(url, { key: subject });
  clients.push(client);
  await client.admitted;
  return client;
}

const everybody = () => Promise.resolve(new Map([`key:${ID}`, 'user:ann', 'user:bob'].map((each) => [each, reader])));

test('[A6] the word of a key that was revoked ends its connections, and no others, without a look at the database', async () => {
  await start({ sweepMs: 3_600_000 });
  const [one, two, other] = [await connect(`key:${ID}`), await connect(`key:${ID}`), await connect('user:ann')];
  await bus.publish('keys', { id: ID });
  await Promise.all([one.disconnected, two.disconnected]);
  expect([one.goodbye(), two.goodbye(), other.goodbye()]).toEqual(['revoked', 'revoked', undefined]);
  expect(other.socket.connected).toBe(true);
  expect(asked).toEqual([]);
});

test('[A6] without a word, the sweep finds whose right is gone, and asks once for all connections of a subject', async () => {
  answer = everybody;
  await start({ sweepMs: 20 });
  const [ann, again, bob] = [await connect('user:ann'), await connect('user:ann'), await connect('user:bob')];
  asked.length = 0;
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(2));
  expect(asked.at(-1)!.toSorted()).toEqual(['user:ann', 'user:bob']);
  answer = async () => new Map([...(await everybody()), ['user:ann', { ...reader, permissions: new Set() }]]);
  await Promise.all([ann.disconnected, again.disconnected]);
  expect([ann.goodbye(), again.goodbye(), bob.socket.connected]).toEqual(['revoked', 'revoked', true]);
  await vi.waitFor(() => expect(asked.at(-1)).toEqual(['user:bob']));
});

test('who may do more by now is known by that', async () => {
  answer = async () =>
    new Map([
      ...(await everybody()),
      ['user:ann', { ...reader, permissions: new Set(['streams.read', 'keys.manage'] as const) }],
    ]);
  await start({ sweepMs: 20 });
  const ann = await connect('user:ann');
  const held = () => [...io.sockets.sockets.values()].map(({ data }) => data.caller);
  await vi.waitFor(() => expect(held()[0]?.permissions).toEqual(new Set(['streams.read', 'keys.manage'])));
  expect(held()[0]).toMatchObject({ subject: 'user:ann', expiresAt: null });
  expect(ann.socket.connected).toBe(true);
});

test('[A6] a look that fails sends nobody away, is told of once, and is followed by others', async () => {
  answer = () => Promise.reject(new Error('away'));
  await start({ sweepMs: 10 });
  const ann = await connect('user:ann');
  asked.length = 0;
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(5));
  expect(ann.socket.connected).toBe(true);
  expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
  answer = () => Promise.resolve(new Map());
  await ann.disconnected;
  expect(ann.goodbye()).toBe('revoked');
});
