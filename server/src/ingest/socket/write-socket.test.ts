import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { Server } from 'socket.io';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startDatabase, type TestDatabase } from '../../../../tests/postgres.ts';
import { createMemoryBus } from '../../bus/bus.memory.ts';
import { findFreePort } from '../../database/embedded/ports.ts';
import type { Authenticate, Caller } from '../../http/caller.ts';
import { routeUpgrades } from '../../http/upgrade.ts';
import { silent } from '../../log.ts';
import { createAdmission } from '../admission.ts';
import { entriesIn, holdCommits, namedIngestOn, ORGANIZATION } from '../ingest.testing.ts';
import { startPointsSocket } from './points.socket.ts';
import { connectSender, openSender, type TestSender } from './points.socket.testing.ts';

// One server whose parts can be held still: how it behaves when something else is slow, silent or gone.

let db: TestDatabase;
let stop: () => Promise<void>;
beforeEach(async () => void (db = await startDatabase()));
afterEach(async () => {
  await stop();
  await db.stop();
});

const caller: Caller = {
  organization: ORGANIZATION,
  subject: 'key:1',
  permissions: new Set(['points.write']),
  publicOnly: false,
  expiresAt: null,
};

type Options = { authenticate?: Authenticate; maxBytes?: number; beatMs?: number; maxSockets?: number };

async function serve({ authenticate = () => Promise.resolve(caller), maxBytes, ...options }: Options = {}) {
  const http = createServer();
  const io = new Server(http, { destroyUpgrade: false });
  const { ingest } = namedIngestOn(db.database);
  const admission = createAdmission(maxBytes === undefined ? {} : { maxBytes });
  const counts: Record<string, number> = {};
  const socket = await startPointsSocket(
    {
      authenticate,
      admission,
      ingest,
      bus: createMemoryBus(silent),
      log: silent,
      count: (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1),
      sockets: { inc() {}, dec() {} },
    },
    options,
  );
  routeUpgrades(http, { routes: { [socket.path]: socket.upgrade }, others: ['/socket.io/'] });
  const port = await findFreePort();
  await new Promise<void>((done) => http.listen(port, '127.0.0.1', done));
  stop = async () => {
    await socket.stop();
    await io.close();
  };
  return { url: `http://127.0.0.1:${port}`, admission, counts, stopSocket: socket.stop };
}

/** A message that is so long at least, by the spaces behind it. */
const message = (id: number, bytes = 0) => JSON.stringify({ id, stream: 's', points: [[1, id]] }).padEnd(bytes, ' ');

async function sendAll(sender: TestSender, count: number, text: (id: number) => string): Promise<void> {
  for (let id = 0; id < count; id++) {
    sender.ws.send(text(id));
    if (id % 100 === 99) await new Promise((turn) => setImmediate(turn));
  }
}

test('while nothing can be stored, no more is read than there is room for; then all of it is stored in order', async () => {
  const { url, admission } = await serve();
  const sender = await openSender(url, { key: 'any' });
  const release = await holdCommits(db.database);
  await sendAll(sender, 1_000, (id) => message(id, 20_000));
  await vi.waitFor(() => expect(admission.bytesInFlight).toBeGreaterThan(1_000_000));
  await sleep(100);
  // 20 MB were sent. What is not in flight still waits at the sender.
  expect(admission.bytesInFlight).toBeLessThan(3_000_000);
  expect(sender.ws.bufferedAmount).toBeGreaterThan(5_000_000);
  await release();
  expect(await sender.heard(1_000)).toEqual(Array.from({ length: 1_000 }, (_, id) => ({ id, ok: true })));
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(0));
  // Together in few commits.
  expect(await entriesIn(db.database)).toBeLessThan(250);
});

test('who does not read the answers is not read from', async () => {
  const { url, counts } = await serve();
  const sender = await openSender(url, { key: 'any' });
  sender.ws.pause();
  // The answer quotes the key that it does not know, so that the buffers between us are full at some time.
  await sendAll(sender, 4_000, (id) => JSON.stringify({ id, stream: 's', points: [[1, 1]], ['k'.repeat(10_000)]: 1 }));
  const read = () => counts['refused'] ?? 0;
  let before = -1;
  while (read() !== before) {
    before = read();
    await sleep(500);
  }
  expect(read()).toBeLessThan(3_900);
  sender.ws.resume();
  await sender.heard(4_000);
  expect(read()).toBe(4_000);
});

test('without an answer of the database a message is refused in time, and may be sent again', async () => {
  const { url, counts } = await serve();
  const sender = await openSender(url, { key: 'any' });
  const release = await holdCommits(db.database);
  const start = performance.now();
  sender.say(message(1));
  expect(await sender.heard(1)).toMatchObject([{ id: 1, ok: false, error: { code: 'unavailable' }, retryAfter: 1 }]);
  expect(performance.now() - start).toBeLessThan(5_000);
  await release();
  sender.say(message(2));
  expect((await sender.heard(2))[1]).toEqual({ id: 2, ok: true });
  expect(counts).toEqual({ dropped: 1, stored: 1 });
});

test('[I3] sockets and bodies share the room: a message for which there is none is not taken in', async () => {
  const { url, admission } = await serve({ maxBytes: 300_000 });
  const [a, b] = [await openSender(url, { key: 'any' }), await openSender(url, { key: 'any' })];
  a.ws.send(message(1, 250_000), { fin: false });
  await vi.waitFor(() => expect(admission.bytesInFlight).toBeGreaterThan(200_000));
  b.ws.send(' '.repeat(250_000), { fin: false });
  expect(await b.closed).toEqual({ code: 4_503, reason: 'unavailable' });
  expect(b.answers).toMatchObject([{ id: null, error: { code: 'unavailable' }, retryAfter: 1 }]);
  a.ws.send('', { fin: true });
  expect(await a.heard(1)).toEqual([{ id: 1, ok: true }]);
  await vi.waitFor(() => expect(admission.bytesInFlight).toBe(0));
});

test('[W6] a sender that is silent is cut off, one that answers pings is not', async () => {
  const { url } = await serve({ beatMs: 100 });
  const alive = await openSender(url, { key: 'any' });
  const dead = new WebSocket(url.replace('http', 'ws') + '/api/v1/points', 'quantumflux.points.v1', {
    autoPong: false,
  });
  await new Promise((done) => dead.once('close', done));
  await sleep(500);
  expect(alive.ws.readyState).toBe(WebSocket.OPEN);
  alive.say(message(1));
  expect(await alive.heard(1)).toEqual([{ id: 1, ok: true }]);
});

test('[W7] at the end of the server what is in is stored and answered, then the sockets close', async () => {
  const { url, stopSocket } = await serve();
  const sender = await openSender(url, { key: 'any' });
  const release = await holdCommits(db.database);
  for (let id = 0; id < 10; id++) sender.say(message(id));
  await sleep(200);
  const stopped = stopSocket();
  await sleep(100);
  sender.say(message(99));
  await release();
  await stopped;
  expect(await sender.closed).toEqual({ code: 1_001, reason: 'The server is shutting down.' });
  expect(sender.answers).toEqual(Array.from({ length: 10 }, (_, id) => ({ id, ok: true })));
  const late = connectSender(url, { key: 'any' });
  expect(await late.closed).toEqual({ code: 4_503, reason: 'unavailable' });
});

test('a right that ends closes the socket, by itself or when it is found out', async () => {
  let isGone = false;
  const authenticate: Authenticate = ({ bearer }) => {
    if (isGone) return Promise.reject(new QuantumFluxError('unauthenticated', 'There is no such API key.'));
    return Promise.resolve(bearer === 'short' ? { ...caller, expiresAt: Date.now() + 300 } : caller);
  };
  const { url } = await serve({ authenticate, beatMs: 200 });
  const [short, long] = [await openSender(url, { key: 'short' }), await openSender(url, { key: 'long' })];
  expect(await short.closed).toEqual({ code: 4_401, reason: 'unauthenticated' });
  expect(long.ws.readyState).toBe(WebSocket.OPEN);
  isGone = true;
  expect(await long.closed).toEqual({ code: 4_401, reason: 'unauthenticated' });
});

test('a slow answer to who is asking is waited for, though Socket.io listens on the same server', async () => {
  const { url } = await serve({ authenticate: () => sleep(1_300, caller) });
  const sender = await openSender(url, { key: 'any' });
  sender.say(message(1));
  expect(await sender.heard(1)).toEqual([{ id: 1, ok: true }]);
});

test('beyond the most sockets the next one is told to come back', async () => {
  const { url } = await serve({ maxSockets: 1 });
  const first = await openSender(url, { key: 'any' });
  const second = connectSender(url, { key: 'any' });
  expect(await second.closed).toEqual({ code: 4_503, reason: 'unavailable' });
  expect(first.ws.readyState).toBe(WebSocket.OPEN);
});
