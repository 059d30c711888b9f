import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from 'socket.io';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { nextRate, paceHandshakes, type AdmissionOptions } from './admission.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Socket.io behind an admission. */
async function start(options: AdmissionOptions) {
  const outcomes: string[] = [];
  const handshakes = paceHandshakes((outcome) => outcomes.push(outcome), options);
  const http = createServer();
  const io = new Server(http, { allowRequest: handshakes.allowRequest, destroyUpgrade: false });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  stops.push(() => io.close(), handshakes.stop);
  return { handshakes, io, outcomes, port: (http.address() as AddressInfo).port };
}

/** Connects as a browser does; what came of it, and when. */
function open(port: number): Promise<{ status: number; retryAfter: string | undefined; at: number }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
    stops.push(() => socket.terminate());
    socket.on('error', () => undefined);
    socket.on('open', () => resolve({ status: 101, retryAfter: undefined, at: performance.now() }));
    socket.on('unexpected-response', (_req, res) => {
      resolve({ status: res.statusCode ?? 0, retryAfter: res.headers['retry-after'], at: performance.now() });
    });
  });
}

test('of many who come at once some are let in, some wait, and the others are answered 503 with Retry-After', async () => {
  const { outcomes, io, port } = await start({ rate: 100, maxRate: 100, minRate: 100, burst: 5, maxWaitMs: 300 });
  const all = await Promise.all(Array.from({ length: 200 }, () => open(port)));
  const admitted = all.filter(({ status }) => status === 101);
  const refused = all.filter(({ status }) => status === 503);
  expect(admitted.length + refused.length).toBe(200);
  // Five at once, thirty who wait, and whoever came while those were let in.
  expect(admitted.length).toBeGreaterThanOrEqual(35);
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(refused.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['1']));
  expect(io.engine.clientsCount).toBe(admitted.length);
  expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(refused.length);
  // Those who are refused are told before most of the others had their turn.
  const last = Math.max(...admitted.map(({ at }) => at));
  expect(Math.min(...refused.map(({ at }) => at))).toBeLessThan(last);
});

test('they are let in one after the other, in the order in which they came', async () => {
  const { port } = await start({ rate: 50, maxRate: 50, minRate: 50, burst: 1, maxWaitMs: 5_000 });
  const begin = performance.now();
  const all = await Promise.all(Array.from({ length: 26 }, () => open(port)));
  expect(all.map(({ status }) => status)).toEqual(all.map(() => 101));
  expect(Math.max(...all.map(({ at }) => at)) - begin).toBeGreaterThanOrEqual(25 * 20 - 20);
});

test('who leaves while it waits gives its place free', async () => {
  const { handshakes, io, port } = await start({ rate: 1, maxRate: 1, minRate: 1, burst: 1, maxWaitMs: 3_000 });
  expect((await open(port)).status).toBe(101);
  const impatient = Array.from({ length: 3 }, () => {
    const socket = connect(port, '127.0.0.1');
    const key = Buffer.alloc(16).toString('base64');
    socket.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    return socket;
  });
  await vi.waitFor(() => expect(handshakes.waiting).toBe(3));
  expect((await open(port)).status).toBe(503);
  for (const socket of impatient) socket.resetAndDestroy();
  await vi.waitFor(() => expect(handshakes.waiting).toBe(0));
  expect((await open(port)).status).toBe(101);
  expect(io.engine.clientsCount).toBe(2);
});

test('polling is paced too, and told so in words that a page can read', async () => {
  const { port } = await start({ rate: 1, maxRate: 1, minRate: 1, burst: 1, maxWaitMs: 0 });
  const url = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`;
  const first = await fetch(url);
  expect(first.status).toBe(200);
  const { sid } = JSON.parse((await first.text()).slice(1)) as { sid: string };
  const second = await fetch(url);
  expect(second.status).toBe(503);
  expect(second.headers.get('retry-after')).toBe('1');
  expect(await second.json()).toMatchObject({ error: { code: 'unavailable' } });
  // Who is in already is not asked again.
  expect((await fetch(`${url}&sid=${sid}`, { method: 'POST', body: '40' })).status).toBe(200);
});

test('the server can stop while somebody waits', async () => {
  const { handshakes, port } = await start({ rate: 1, maxRate: 1, minRate: 1, burst: 1, maxWaitMs: 60_000 });
  await open(port);
  const waiting = open(port);
  await vi.waitFor(() => expect(handshakes.waiting).toBe(1));
  handshakes.stop();
  expect((await waiting).status).toBe(503);
});

test('the rate falls while the loop is busy, and comes back when it is not', async () => {
  const { handshakes, port } = await start({ rate: 100, minRate: 20, maxRate: 200, burst: 1 });
  const isBusy = new AbortController();
  void (async () => {
    while (!isBusy.signal.aborted) {
      for (const end = performance.now() + 150; performance.now() < end;);
      await sleep(10);
    }
  })();
  const storm = Array.from({ length: 100 }, () => open(port));
  await vi.waitFor(() => expect(handshakes.rate).toBeLessThan(60), { timeout: 20_000 });
  isBusy.abort();
  const slowest = handshakes.rate;
  await vi.waitFor(() => expect(handshakes.rate).toBeGreaterThan(slowest), { timeout: 20_000 });
  await Promise.all(storm);
});

test('the rate stays within its limits, whatever the loop does', () => {
  const limits = { minRate: 50, maxRate: 1_000 };
  let rate = 300;
  for (let i = 0; i < 100; i++) rate = nextRate(rate, 500, limits);
  expect(rate).toBe(50);
  for (let i = 0; i < 100; i++) rate = nextRate(rate, 75, limits);
  expect(rate).toBe(50);
  for (let i = 0; i < 100; i++) rate = nextRate(rate, 2, limits);
  expect(rate).toBe(1_000);
});
