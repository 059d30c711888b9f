import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io as connectTo, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { drainSockets } from './drain.ts';
import type { LiveServer, SocketData } from './socket.ts';

let io: LiveServer;
let url: string;
const clients: Socket[] = [];

beforeEach(async () => {
  const http = createServer();
  io = new Server(http);
  io.use((socket, next) => {
    socket.data = socket.handshake.auth as SocketData;
    next();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await io.close();
});

type Heard = { drain?: { afterMs: number }; goodbye?: { reason: string; retryMs: number } };

/** So many clients, and what each of them was told. */
async function enter(count: number, protocol: number, onDrain: (client: Socket) => void = () => {}): Promise<Heard[]> {
  const before = io.sockets.sockets.size;
  const all = Array.from({ length: count }, () => {
    const client = connectTo(url, { auth: { protocol }, reconnection: false, forceNew: true });
    const heard: Heard = {};
    client.on('drain', (message: Heard['drain'] & object) => {
      heard.drain = message;
      onDrain(client);
    });
    client.on('goodbye', (message: Heard['goodbye'] & object) => void (heard.goodbye = message));
    clients.push(client);
    return heard;
  });
  await vi.waitFor(() => expect(io.sockets.sockets.size).toBe(before + count));
  return all;
}

test('where nobody is connected there is nothing to wait for', async () => {
  await drainSockets(io, { graceMs: 1_000_000 });
});

test('[G2] each is told another time to move at, evenly spread, and nobody who moves is sent away', async () => {
  const heard = await enter(5, 2, (client) => client.close());
  // So that it ends because they left.
  await drainSockets(io, { perSecond: 5, graceMs: 1_000_000 });
  expect(heard.map(({ drain }) => drain?.afterMs).sort((a, b) => a! - b!)).toEqual([0, 200, 400, 600, 800]);
  expect(heard.map(({ goodbye }) => goodbye)).toEqual(heard.map(() => undefined));
});

test('[G2] however many they are, all are told a time within the longest spread', async () => {
  const heard = await enter(4, 2, (client) => client.close());
  await drainSockets(io, { perSecond: 0.001, maxSpreadMs: 40, graceMs: 1_000_000 });
  expect(heard.map(({ drain }) => drain?.afterMs).sort((a, b) => a! - b!)).toEqual([0, 10, 20, 30]);
});

test('[G1] who stays is sent away in the end, and not to come back all in the same moment', async () => {
  const heard = await enter(2, 2);
  await drainSockets(io, { perSecond: 20, graceMs: 0 });
  await vi.waitFor(() => expect(heard.every(({ goodbye }) => goodbye?.reason === 'shutdown')).toBe(true));
  expect(new Set(heard.map(({ goodbye }) => goodbye?.retryMs)).size).toBe(2);
  expect(io.sockets.sockets.size).toBe(0);
});

test('[V3] a client of version 1 hears nothing of moving, and goodbye when its turn comes', async () => {
  const heard = await enter(2, 1);
  // It ends because they are gone.
  await drainSockets(io, { perSecond: 50, graceMs: 1_000_000 });
  await vi.waitFor(() => expect(heard.every(({ goodbye }) => goodbye?.reason === 'shutdown')).toBe(true));
  expect(heard.map(({ drain }) => drain)).toEqual([undefined, undefined]);
});

test('in a hurry nobody is waited for', async () => {
  const heard = await enter(2, 2);
  const hurry = new AbortController();
  const drained = drainSockets(io, { perSecond: 0.001, maxSpreadMs: 1_000_000, hurry: hurry.signal });
  hurry.abort();
  await drained;
  await vi.waitFor(() => expect(heard.every(({ goodbye }) => goodbye?.reason === 'shutdown')).toBe(true));
});
