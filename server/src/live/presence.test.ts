import type { Company, Presence } from '@quantumflux/sdk/protocol';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMemoryBus } from '../bus/bus.memory.ts';
import type { Bus } from '../bus/bus.ts';
import { silent } from '../log.ts';
import type { Permission } from '../http/caller.ts';
import { connectStock, type StockClient } from './live.testing.ts';
import { startPresence } from './presence.ts';
import type { LiveServer } from './socket.ts';

const wait = { timeout: 10_000, interval: 10 };

let bus: Bus;
/** Which part of what servers tell each other is lost. */
let loss = 0;
let isCut = false;
const messages: unknown[] = [];
const servers: { stop: () => Promise<void> }[] = [];
const clients: StockClient[] = [];

/** One of several servers on one bus, on which everybody is who they say they are. */
async function startServer({ beatMs = 100 } = {}) {
  const http = createServer();
  const io: LiveServer = new Server(http);
  let isDead = false;
  const own: Pick<Bus, 'publish' | 'subscribe'> = {
    publish(topic, message) {
      if (isDead) return Promise.resolve();
      messages.push(message);
      return isCut || Math.random() < loss ? Promise.resolve() : bus.publish(topic, message);
    },
    subscribe: bus.subscribe,
  };
  const presence = await startPresence({ io, bus: own, log: silent }, { beatMs });
  io.use((socket, next) => {
    const {
      organization = 'a',
      publicOnly = false,
      may = ['streams.read'],
    } = socket.handshake.auth as {
      organization?: string;
      publicOnly?: boolean;
      may?: Permission[];
    };
    const caller = { organization, publicOnly, permissions: new Set(may), subject: 'user:x', expiresAt: null };
    socket.data = { caller, protocol: 2, isBare: false };
    next();
  });
  io.on('connection', (socket) => {
    const leave = presence.attend(socket);
    socket.on('disconnect', leave);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    io,
    /** As a power cut: it says nothing any more. */
    async kill(): Promise<void> {
      isDead = true;
      await presence.stop();
      await io.close();
    },
    async stop(): Promise<void> {
      await presence.stop();
      await io.close();
    },
  };
  servers.push(server);
  return server;
}

beforeEach(() => {
  bus = createMemoryBus(silent);
  loss = 0;
  isCut = false;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) await server.stop();
  await bus.close();
});

async function connect({ url }: { url: string }, auth: Record<string, unknown> = {}): Promise<StockClient> {
  const client = connectStock(url, auth);
  clients.push(client);
  expect(await client.admitted).toBeUndefined();
  return client;
}

type Joined = { ok: true; value: { id: string } & Company };

async function join(client: StockClient, room: string, name?: string): Promise<Joined['value']> {
  const reply = await client.ask('presence.join', { room, ...(name === undefined ? {} : { name }) });
  expect(reply).toMatchObject({ ok: true });
  return (reply as unknown as Joined).value;
}

/** Sorted: who came in the same millisecond may stand either way. */
const namesOf = (present: Presence[] | undefined) => present?.map(({ name }) => name).toSorted();
/** Who is in a room, as a client was told last. */
const seenBy = (client: StockClient, room: string) =>
  namesOf(client.all('presence').findLast((message) => message.room === room)?.present);

test('[P1] who joins is told who is there, itself too, and the others are told of it', async () => {
  const server = await startServer();
  const [ann, bob] = [await connect(server), await connect(server)];
  const first = await join(ann, 'board', 'Ann');
  expect(first.present).toEqual([{ id: first.id, name: 'Ann', since: expect.closeTo(Date.now(), -4) }]);
  const second = await join(bob, 'board');
  expect(second.present).toEqual([first.present[0], { id: second.id, name: null, since: expect.any(Number) }]);
  expect(second).not.toHaveProperty('more');
  await vi.waitFor(() => expect(ann.all('presence').at(-1)).toEqual({ room: 'board', present: second.present }), wait);
});

test('[P1] leaving is seen at once, the end of a connection too, and who left hears no more', async () => {
  const server = await startServer();
  const [ann, bob, eve] = [await connect(server), await connect(server), await connect(server)];
  for (const [client, name] of [
    [ann, 'Ann'],
    [bob, 'Bob'],
    [eve, 'Eve'],
  ] as const)
    await join(client, 'board', name);
  await vi.waitFor(() => expect(seenBy(bob, 'board')).toEqual(['Ann', 'Bob', 'Eve']), wait);
  expect(await bob.ask('presence.leave', { room: 'board' })).toEqual({ ok: true, value: null });
  const heard = bob.all('presence').length;
  await vi.waitFor(() => expect(seenBy(ann, 'board')).toEqual(['Ann', 'Eve']), wait);
  eve.close();
  await vi.waitFor(() => expect(seenBy(ann, 'board')).toEqual(['Ann']), wait);
  expect(bob.all('presence')).toHaveLength(heard);
  expect(await bob.ask('presence.leave', { room: 'board' })).toMatchObject({
    error: { code: 'not_found', path: 'room' },
  });
});

test('[P1] joining again changes the name if it says one, and nothing else', async () => {
  const server = await startServer();
  const ann = await connect(server);
  const before = await join(ann, 'board', 'Ann');
  const after = await join(ann, 'board', 'Anna');
  expect(after).toEqual({ id: before.id, present: [{ ...before.present[0]!, name: 'Anna' }] });
  expect(await join(ann, 'board')).toEqual(after);
});

test('[P1] another organization has rooms of its own, whatever they are called', async () => {
  const server = await startServer();
  const [ann, stranger] = [await connect(server), await connect(server, { organization: 'b' })];
  await join(ann, 'board', 'Ann');
  for (const room of ['board', 'a:all:board', 'presence:a:all:board', '../a/board'])
    expect(namesOf((await join(stranger, room, 'Eve')).present)).toEqual(['Eve']);
  await vi.waitFor(() => expect(seenBy(stranger, 'board')).toEqual(['Eve']), wait);
  expect(namesOf((await join(ann, 'board', 'Ann')).present)).toEqual(['Ann']);
});

test('[P2] who sees public streams only, sees only others of that kind, and is not seen', async () => {
  const [a, b] = [await startServer(), await startServer()];
  const [ann, guest, other] = [
    await connect(a),
    await connect(a, { publicOnly: true }),
    await connect(b, { publicOnly: true }),
  ];
  await join(ann, 'board', 'Ann');
  await join(other, 'board', 'Other');
  await join(guest, 'board', 'Guest');
  await vi.waitFor(() => expect(seenBy(guest, 'board')).toEqual(['Guest', 'Other']), wait);
  expect(namesOf((await join(ann, 'board', 'Ann')).present)).toEqual(['Ann']);
});

test('[P1] who may not read streams may not look into rooms either', async () => {
  const server = await startServer();
  const agent = await connect(server, { may: ['points.write'] });
  expect(await agent.ask('presence.join', { room: 'board' })).toMatchObject({ error: { code: 'forbidden' } });
});

test('[L1] a connection is in 20 rooms at most; leaving one makes room', async () => {
  const server = await startServer();
  const ann = await connect(server);
  for (let i = 0; i < 20; i++) await join(ann, `room ${i}`);
  expect(await ann.ask('presence.join', { room: 'one more' })).toMatchObject({ error: { code: 'too_large' } });
  await join(ann, 'room 7', 'again');
  await ann.ask('presence.leave', { room: 'room 3' });
  await join(ann, 'one more');
});

test('[P3] a storm of joins costs each of them a few messages, and of a full room a hundred and a number are told', async () => {
  const server = await startServer();
  const crowd = await Promise.all(Array.from({ length: 150 }, () => connect(server)));
  const started = Date.now();
  const replies = await Promise.all(crowd.map((client, i) => join(client, 'board', `n${i}`)));
  const took = Date.now() - started;
  for (const { id, present } of replies) expect(present.map((each) => each.id)).toContain(id);
  await vi.waitFor(() => {
    for (const client of crowd) expect(client.all('presence').at(-1)).toMatchObject({ more: 50 });
  }, wait);
  expect(crowd[0]!.all('presence').at(-1)!.present).toHaveLength(100);
  // One per tick of 20 ms, not one per join.
  expect(crowd[0]!.all('presence').length).toBeLessThanOrEqual(took / 20 + 2);
});

test('[P1] people of all servers are in one room, in the same order everywhere; who leaves the one is gone at the other', async () => {
  const [a, b, c] = [await startServer(), await startServer(), await startServer()];
  const [ann, bob, eve] = [await connect(a), await connect(b), await connect(c)];
  await join(ann, 'board', 'Ann');
  await join(bob, 'board', 'Bob');
  await join(eve, 'board', 'Eve');
  for (const client of [ann, bob, eve])
    await vi.waitFor(() => expect(seenBy(client, 'board')).toEqual(['Ann', 'Bob', 'Eve']), wait);
  expect(ann.all('presence').at(-1)).toEqual(eve.all('presence').at(-1));
  bob.close();
  for (const client of [ann, eve])
    await vi.waitFor(() => expect(seenBy(client, 'board')).toEqual(['Ann', 'Eve']), wait);
});

test('[P1] a server that ends takes its people along at once, and one that starts learns of the others at once', async () => {
  const [a, b] = [await startServer({ beatMs: 60_000 }), await startServer({ beatMs: 60_000 })];
  const [ann, bob] = [await connect(a), await connect(b)];
  await join(ann, 'board', 'Ann');
  await join(bob, 'board', 'Bob');
  const eve = await connect(await startServer({ beatMs: 60_000 }));
  await vi.waitFor(
    async () => expect(namesOf((await join(eve, 'board', 'Eve')).present)).toEqual(['Ann', 'Bob', 'Eve']),
    wait,
  );
  await b.stop();
  await vi.waitFor(() => expect(seenBy(ann, 'board')).toEqual(['Ann', 'Eve']), wait);
});

test('[P1] a server that is killed takes its people along within 15 s', async () => {
  const [a, b] = [await startServer(), await startServer()];
  const [ann, bob] = [await connect(a), await connect(b)];
  await join(ann, 'board', 'Ann');
  await join(bob, 'board', 'Bob');
  await vi.waitFor(() => expect(seenBy(ann, 'board')).toEqual(['Ann', 'Bob']), wait);
  const killedAt = Date.now();
  await b.kill();
  await vi.waitFor(() => expect(seenBy(ann, 'board')).toEqual(['Ann']), { timeout: 20_000, interval: 20 });
  expect(Date.now() - killedAt).toBeLessThan(15_500);
});

test('[P1] whatever part of their words is lost, the servers agree again when it is over', async () => {
  const all = [await startServer(), await startServer(), await startServer()];
  const people = await Promise.all(Array.from({ length: 12 }, (_, i) => connect(all[i % 3]!)));
  for (loss = 0.1; loss < 1; loss += 0.2) {
    for (const [i, client] of people.entries()) {
      if (Math.random() < 0.5) await join(client, 'board', `n${i}`);
      else await client.ask('presence.leave', { room: 'board' });
    }
  }
  loss = 0;
  for (const [i, client] of people.slice(0, 9).entries()) await join(client, 'board', `n${i}`);
  for (const client of people.slice(9)) await client.ask('presence.leave', { room: 'board' });
  const names = Array.from({ length: 9 }, (_, i) => `n${i}`);
  for (const client of people.slice(0, 9)) await vi.waitFor(() => expect(seenBy(client, 'board')).toEqual(names), wait);
});

test('[P1] changes while the servers do not hear each other are known with the first beat after it, and told once', async () => {
  const [a, b] = [await startServer(), await startServer()];
  const [ann, bob, eve] = [await connect(a), await connect(b), await connect(b)];
  for (const [client, name] of [
    [ann, 'Ann'],
    [bob, 'Bob'],
    [eve, 'Eve'],
  ] as const)
    await join(client, 'board', name);
  await vi.waitFor(() => expect(seenBy(ann, 'board')).toEqual(['Ann', 'Bob', 'Eve']), wait);
  isCut = true;
  await bob.ask('presence.leave', { room: 'board' });
  await vi.waitFor(() => expect(seenBy(eve, 'board')).toEqual(['Ann', 'Eve']), wait);
  expect(seenBy(ann, 'board')).toEqual(['Ann', 'Bob', 'Eve']);
  isCut = false;
  await vi.waitFor(() => expect(seenBy(ann, 'board')).toEqual(['Ann', 'Eve']), wait);
  // Quiet again: nobody asks for anything any more.
  messages.length = 0;
  await vi.waitFor(() => expect(messages.length).toBeGreaterThan(6), wait);
  expect(messages.filter((message) => (message as { is: string }).is !== 'news')).toEqual([]);
});
