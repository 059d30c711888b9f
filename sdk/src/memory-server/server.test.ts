import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createCredentials } from '../credentials.ts';
import { QuantumFluxError, type QuantumFluxClient } from '../index.ts';
import { openLink, type Link, type ServerEvent } from '../link.ts';
import { messagesOf, type Message } from '../message.ts';
import { decodeBlock, blocksOf, type Handshake, type Point, type SubscribeRequest } from '../protocol/index.ts';
import { openSocket } from './socket.ts';
import { createMemoryServer, type MemoryServer, type MemoryServerOptions } from './server.ts';

let server: MemoryServer;
afterEach(() => server.close());

function start(options: MemoryServerOptions = {}): QuantumFluxClient {
  server = createMemoryServer({ heartbeatMs: Infinity, ...options });
  return server.connect({ lingerMs: 0 });
}

function write(...points: Point[]): void {
  server.write({ stream: 'cpu', points });
}

/** Watches `cpu`; what it is told is kept. */
function watch(client: QuantumFluxClient) {
  const live = client.stream('cpu');
  const resyncs: string[] = [];
  const stop = live.watch(({ resync }) => void (resync && resyncs.push(resync)));
  const has = (...values: number[]) =>
    vi.waitFor(() => {
      expect(live.state.is).toBe('live');
      expect([...(live.series[0]?.values ?? [])]).toEqual(values);
    });
  return { live, resyncs, stop, has };
}

/** The sections that a subscription brings, as the wire has them. */
async function follow(request: Partial<SubscribeRequest>) {
  const sections: Extract<Message, { is: 'section' }>[] = [];
  const link = await new Promise<Link>((resolve, reject) => {
    const events = {
      onOpen: () => resolve(made),
      onEvent: (...event: ServerEvent) => {
        for (const message of messagesOf(...event)) if (message.is === 'section') sections.push(message);
      },
      onEnd: () => reject(new Error('It ended.')),
    };
    const made = openLink({ origin: '', prefix: '' }, createCredentials({}), events, (_origin, _path, events) =>
      openSocket({ server, isAway: () => false, latencyMs: 0 }, events),
    );
  });
  const reply = await link.ask('subscribe', { selector: 'cpu', ...request });
  const points = () =>
    sections.map(({ ranges }) =>
      ranges.flatMap(({ entries }) =>
        entries.flatMap(({ blocks }) =>
          [...blocksOf(blocks)].flatMap((block) => {
            const { times, values } = decodeBlock(block);
            return [...times].map((time, i) => [time, values[i]]);
          }),
        ),
      ),
    );
  return { reply, sections, points };
}

const T = 1_763_800_000_000;

describe('what clients see', () => {
  test('history, then live, through the real client', async () => {
    const client = start();
    write([Date.now() - 1_000, 1]);
    const { has } = watch(client);
    await has(1);
    write([Date.now(), 2]);
    await has(1, 2);
  });

  test('[S7] a frame that is lost is asked for again', async () => {
    const client = start();
    write([Date.now(), 1]);
    const { has, resyncs } = watch(client);
    await has(1);
    server.loseFrames(1);
    write([Date.now() + 1, 2]);
    write([Date.now() + 2, 3]);
    await has(1, 2, 3);
    expect(server.requests[1]).toHaveProperty('resume');
    expect(resyncs).toEqual([]);
  });

  test('[H1] heads tell that a frame was lost when nothing comes after it', async () => {
    const client = start();
    write([Date.now(), 1]);
    const { has } = watch(client);
    await has(1);
    server.loseFrames(1);
    write([Date.now() + 1, 2]);
    server.beat();
    await has(1, 2);
  });

  test.each([
    ['epoch', () => server.restore()],
    ['too_far', () => server.forget()],
  ])('[S9] what cannot be resumed is a resync: %s', async (reason, happen) => {
    const client = start();
    write([Date.now(), 1]);
    const { has, resyncs } = watch(client);
    await has(1);
    const comeBack = server.goAway();
    write([Date.now() + 1, 2]);
    happen();
    write([Date.now() + 2, 3]);
    comeBack();
    await vi.waitFor(() => expect(resyncs).toEqual([reason]));
  });

  test('a server that is away is stale, and what was missed comes when it is back', async () => {
    const client = start();
    write([Date.now(), 1]);
    const { live, has } = watch(client);
    await has(1);
    const comeBack = server.goAway();
    expect(live.state.is).toBe('stale');
    expect(server.connections).toBe(0);
    write([Date.now() + 1, 2]);
    comeBack();
    await has(1, 2);
  });

  test('a refusal is told in its words', async () => {
    const client = start({
      admit: () => {
        throw new QuantumFluxError('forbidden', 'Not you.');
      },
    });
    const { live } = watch(client);
    await vi.waitFor(() => expect(live.state).toMatchObject({ is: 'error', error: { message: 'Not you.' } }));
    await expect(client.query({ select: 'cpu' })).rejects.toThrow('Not you.');
  });

  test('[S13] a stream that is hidden is gone', async () => {
    const client = start();
    write([Date.now(), 1]);
    const { live, has } = watch(client);
    await has(1);
    server.hide('cpu');
    await vi.waitFor(() => expect(live.series).toEqual([]));
  });

  test('[V3] a server of version 1 is understood', async () => {
    const client = start({ protocol: 1, heartbeatMs: 5 });
    write([Date.now(), 1]);
    const { has } = watch(client);
    await has(1);
    server.loseFrames(1);
    write([Date.now() + 1, 2]);
    await has(1, 2);
  });

  test('with latency everything takes as long, each way', async () => {
    const client = start({ latencyMs: 30 });
    write([Date.now(), 1]);
    const startedAt = Date.now();
    const { has, stop } = watch(client);
    await has(1);
    // To connect, and to be answered: there and back twice.
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(110);
    stop();
    await vi.waitFor(() => expect([server.subscriptions, server.connections]).toEqual([0, 0]));
  });

  test('a clock that was stopped stands still for clients too, and "now" is then', async () => {
    const client = start();
    server.stopClock(T);
    expect(client.now()).toBe(T);
    write([T - 1_000, 1], [T - 60_000, 0]);
    const answer = await client.query({ select: 'cpu', from: '-30s' });
    expect(answer.streams[0]).toMatchObject({ t: [T - 1_000] });
  });
});

describe('conflation', () => {
  test('[S14] of each pixel column the lowest, the highest and, of all, the newest come, and how many do not', async () => {
    start();
    server.stopClock(T);
    write([T - 1, 0]);
    const { reply, sections, points } = await follow({ from: T - 100_000, width: 100, maxHz: 20 });
    expect(reply.conflation).toEqual({ intervalMs: 1_000, maxHz: 20 });
    write([T, 5]);
    write([T + 100, 5], [T + 200, 9], [T + 300, 7]);
    write([T + 400, 1], [T + 500, 6], [T + 600, 6.5]);
    await vi.waitFor(() => expect(sections).toHaveLength(2));
    expect(points()).toEqual([
      [[T, 5]],
      [
        [T + 200, 9],
        [T + 400, 1],
        [T + 600, 6.5],
      ],
    ]);
    expect(sections.map(({ delivery, skipped }) => [delivery, skipped])).toEqual([
      ['whole', 0],
      ['conflated', 3],
    ]);
  });

  test('[S15] a client that was too slow gets the newest, and is told how much it does not get', async () => {
    start();
    write([T, 0]);
    const { sections, points } = await follow({});
    const release = server.stall();
    write([T + 1, 1], [T + 2, 2]);
    write([T + 3, 3]);
    server.write({ stream: 'cpu', points: [[T + 4, 4]] });
    release();
    await vi.waitFor(() => expect(points()).toEqual([[[T + 4, 4]]]));
    expect(sections[0]).toMatchObject({ delivery: 'coalesced', skipped: 3 });
  });
});

test('[S1] history has at most four points per pixel, and no extreme is lost', async () => {
  start();
  server.stopClock(T);
  write(...Array.from({ length: 10_000 }, (_, i): Point => [T - 10_000 + i, i === 4_321 ? 1e6 : i % 7]));
  const { reply } = await follow({ from: T - 10_000, width: 100 });
  if (reply.is !== 'history') throw new Error('unreachable');
  const [block] = [...blocksOf(reply.blocks)];
  const { values } = decodeBlock(block!);
  expect(reply.intervalMs).toBe(100);
  expect(values.length).toBeLessThanOrEqual(404);
  expect(Math.max(...values)).toBe(1e6);
});

describe('over HTTP', () => {
  test('what is written is listed, queried and streamed', async () => {
    const client = start();
    const { has } = watch(client);
    await client.write({ stream: 'cpu', unit: 'percent', tags: {}, points: [[Date.now(), 7]] });
    await has(7);
    expect(await client.streams('c*')).toMatchObject([{ key: 'cpu', unit: 'percent' }]);
    expect(await client.query({ select: 'cpu' })).toMatchObject({ streams: [{ resolution: 'raw', v: [7] }] });
    await expect(client.query({ select: 'disk' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.query({ select: 'cpu{' })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('nothing is stored of a write that is wrong', async () => {
    const client = start();
    const wrong = client.write([
      { stream: 'cpu', points: [[1, 2]] },
      { stream: 'disk', points: [[1, Number.NaN]] },
    ]);
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_input', path: 'streams.1.points.0' });
    expect(await client.streams()).toEqual([]);
  });
});

describe('what the server says', () => {
  /** A connection that keeps what it is sent. */
  function open(handshake: Partial<Handshake> = {}) {
    const sent: [string, unknown][] = [];
    const session = server.open(
      { protocol: 2, ...handshake },
      { send: (event, message) => sent.push([event, message]), close: (how) => sent.push(['close', how]) },
    );
    return { sent, ...session };
  }

  test('[A4] the first event is welcome', () => {
    start({ expiresAt: () => T });
    expect(open().sent).toEqual([['welcome', { protocol: 2, now: expect.any(Number), expiresAt: T }]]);
    expect(open({ protocol: 1 }).sent).toEqual([]);
  });

  test('[A5] it asks for a token, and takes it', () => {
    start({ expiresAt: ({ token }) => (token ? T : null) });
    const { sent, asked } = open();
    server.askForToken({ expiresAt: T - 1 });
    expect(sent[1]).toEqual(['auth.refresh', { expiresAt: T - 1 }]);
    const reply = vi.fn();
    asked['auth.refresh']({ token: 'fresh' }, reply);
    expect(reply).toHaveBeenCalledWith({ ok: true, value: { expiresAt: T } });
    expect(server.refreshed).toEqual(['fresh']);
  });

  test('[G1] [G2] it drains, and says goodbye before it closes', () => {
    start();
    const { sent } = open();
    server.drain({ afterMs: 100 });
    server.goodbye('shutdown', { retryMs: 5 });
    expect(sent.slice(1)).toEqual([
      ['drain', { afterMs: 100 }],
      ['goodbye', { reason: 'shutdown', retryMs: 5 }],
      ['close', 'ended'],
    ]);
  });

  test('[P1] who joins a room sees all in it, and is seen', () => {
    start();
    const [first, second] = [open(), open()];
    const reply = vi.fn();
    first.asked['presence.join']({ room: 'wall', name: 'Ada' }, reply);
    second.asked['presence.join']({ room: 'wall' }, reply);
    const present = [
      { id: '1', name: 'Ada', since: expect.any(Number) },
      { id: '2', name: null, since: expect.any(Number) },
    ];
    expect(reply).toHaveBeenLastCalledWith({ ok: true, value: { id: '2', present } });
    expect(first.sent.at(-1)).toEqual(['presence', { room: 'wall', present }]);
    second.leave();
    expect(first.sent.at(-1)).toEqual(['presence', { room: 'wall', present: present.slice(0, 1) }]);
  });
});

test('the example of the README is one that is tested', () => {
  const example = readFileSync(new URL('./example.test.ts', import.meta.url), 'utf8');
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(example);
});
