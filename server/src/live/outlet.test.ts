import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io as connectTo, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Packets, type Message } from './message.ts';
import { Outlet } from './outlet.ts';
import type { LiveServer, LiveSocket } from './socket.ts';

// What is known here of the insides of Engine.IO and ws is in no documentation: a new version that is built differently
// must not slip in. When a test of this file fails after an update, outlet.ts has to learn the new ways.

let io: LiveServer;
let url: string;
const clients: Socket[] = [];

beforeEach(async () => {
  const http = createServer();
  io = new Server(http, { serveClient: false, perMessageDeflate: false, destroyUpgrade: false });
  io.use((socket, next) => {
    socket.data = { ...socket.data, protocol: 2, isBare: false };
    next();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await io.close();
});

/** A client, what it hears, and the server's side of it. */
async function open(...transports: string[]) {
  const connected = new Promise<LiveSocket>((resolve) => io.once('connection', resolve));
  const client = connectTo(url, { transports, reconnection: false, forceNew: true });
  clients.push(client);
  const heard: unknown[] = [];
  client.onAny((_, payload: unknown) => heard.push(payload));
  const socket = await connected;
  return { client, heard, socket, outlet: new Outlet(socket) };
}

const event = (payload: unknown): Message => {
  const packets = new Packets([`2${JSON.stringify(['streams', payload])}`]);
  return { in: () => packets };
};

test('to an idle WebSocket there is a direct way, and what goes there arrives', async () => {
  const { heard, outlet } = await open('websocket');
  expect(outlet.direct).toBeDefined();
  outlet.send(event(1));
  await vi.waitFor(() => expect(heard).toEqual([1]));
});

test('who polls has none, and gets it all the same', async () => {
  const { heard, outlet } = await open('polling');
  expect(outlet.direct).toBeUndefined();
  for (let i = 0; i < 5; i++) outlet.send(event(i));
  expect(outlet.waiting).toBeGreaterThan(0);
  const { taken } = outlet;
  await vi.waitFor(() => expect(heard).toEqual([0, 1, 2, 3, 4]));
  expect(outlet.waiting).toBe(0);
  expect(outlet.taken).toBeGreaterThan(taken);
});

test('it is there after an upgrade, which loses and swaps nothing', async () => {
  const { heard, outlet, client } = await open('polling', 'websocket');
  let count = 0;
  const send = setInterval(() => outlet.send(event(count++)), 1);
  await new Promise((resolve) => client.io.engine.once('upgrade', resolve));
  await vi.waitFor(() => expect(outlet.direct).toBeDefined());
  clearInterval(send);
  outlet.send(event(count++));
  await vi.waitFor(() => expect(heard).toHaveLength(count));
  expect(heard).toEqual([...heard.keys()]);
});

test('direct writes and those of Socket.io keep their order, however they alternate', async () => {
  const { heard, socket, outlet } = await open('websocket');
  const ways = new Set<boolean>();
  let count = 0;
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 12; i++) {
      ways.add(outlet.direct !== undefined);
      // Every third goes through Engine.IO, which then holds what comes next until the first is with the network.
      if (i % 3 === round % 3) socket.emit('streams', count++ as never);
      else outlet.send(event(count++));
    }
    if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => expect(heard).toHaveLength(count));
  expect(heard).toEqual([...heard.keys()]);
  expect(ways).toEqual(new Set([true, false]));
});

test('what waits is counted, whoever holds it, and what is taken shows', async () => {
  const { client, socket, outlet } = await open('websocket');
  const tcp = (client.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }).ws
    ._socket;
  tcp.pause();
  const bytes = event('x'.repeat(100_000));
  // The buffers of the network are filled first.
  while (outlet.waiting < 200_000) {
    outlet.send(bytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const before = outlet.waiting;
  socket.emit('streams', 'y'.repeat(1_000) as never);
  socket.emit('streams', 'y'.repeat(1_000) as never);
  expect(outlet.waiting).toBeGreaterThanOrEqual(before + 2_000);
  expect(outlet.offer(bytes, before)).toBe(false);
  const { taken } = outlet;
  tcp.resume();
  await vi.waitFor(() => expect(outlet.waiting).toBe(0));
  expect(outlet.taken).toBeGreaterThan(taken);
  expect(outlet.offer(bytes, 10)).toBe(true);
});

test('of a connection that is closed nothing is asked, and nothing breaks', async () => {
  const { client, socket, outlet } = await open('websocket');
  const gone = new Promise((resolve) => socket.on('disconnect', resolve));
  outlet.send(event(1));
  client.close();
  for (let i = 0; i < 3; i++) {
    outlet.send(event(i));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await gone;
  outlet.send(event(9));
  expect(outlet.direct).toBeUndefined();
  expect(outlet.waiting).toBe(0);
  outlet.cut();
});
