import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connect, QuantumFluxError, type QuantumFluxClient, type ClientOptions } from './index.ts';
import { PROTOCOL_VERSION } from './protocol/index.ts';
import { createFixture, has, isLive, pause, record, until, valuesOf, type Fixture } from './testing/live.fixture.ts';
import { createProxy } from './testing/proxy.fixture.ts';
import { createTestServer, type TestServer, type TestServerOptions } from './testing/test-server.ts';

let server: TestServer;
let client: QuantumFluxClient;
let write: Fixture['write'];
let close: Fixture['close'];

async function start(serverOptions: TestServerOptions = {}, clientOptions: Partial<ClientOptions> = {}): Promise<void> {
  ({ server, client, write, close } = await createFixture(serverOptions, clientOptions));
}

afterEach(() => close());

describe('lost connections', () => {
  test('[S7] what was missed comes once, after what was there', async () => {
    await start();
    write(1);
    const live = client.stream('cpu');
    const { updates } = record(live);
    await isLive(live);
    server.cut();
    write(2);
    await has(live, 1, 2);
    write(3);
    await has(live, 1, 2, 3);
    expect(server.requests[1]!.resume?.epoch).toBe(1);
    expect(updates.map(({ resync }) => resync).filter(Boolean)).toEqual([]);
  });

  test('again and again, every point comes once and in order', async () => {
    await start();
    write(0);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    const all = [0];
    for (let i = 1; i <= 300; i++) {
      write(i);
      all.push(i);
      if (i % 20 === 0) server.cut();
      if (i % 7 === 0) server.loseFrames(1);
      if (i % 5 === 0) await pause(5);
    }
    server.beat();
    await isLive(live);
    server.beat();
    await has(live, ...all);
  });

  test('what is there stays, and is said to be stale, with the reason and the next attempt', async () => {
    await start({}, { reconnect: { minMs: 50, maxMs: 60 } });
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    const lostAt = Date.now();
    server.cut();
    await until(() => expect(live.state.is).toBe('stale'));
    const { state } = live;
    if (state.is !== 'stale') throw new Error('unreachable');
    expect(state.since).toBeGreaterThanOrEqual(lostAt);
    expect(state.retryAt).toBeGreaterThanOrEqual(lostAt + 50);
    expect(state.reason).toMatchObject({ code: 'unavailable', message: expect.stringContaining('was lost') as string });
    expect(valuesOf(live)).toEqual([1]);
    await isLive(live);
  });

  test('a server that is not there yet is tried until it is', async () => {
    await start();
    const { port } = new URL(server.url);
    await server.close();
    const live = client.stream('cpu');
    const { updates } = record(live);
    await until(() => expect(live.state.is === 'connecting' && live.state.attempt).toBeGreaterThan(2));
    const back = await createTestServer({ port: Number(port) });
    await isLive(live);
    await back.close();
    expect(updates.some(({ is }) => is === 'stale')).toBe(false);
  });

  test('a network that blocks WebSocket is got through by polling', async () => {
    await start({ webSocket: false });
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await has(live, 1);
    write(2);
    await has(live, 1, 2);
  });

  test('so is one whose proxy lets requests pass and cuts whoever asks for a WebSocket', async () => {
    await start();
    const proxy = await createProxy(server.url, { webSocket: false });
    const behind = connect({ url: proxy.url, key: 'qf_pk_test', reconnect: { minMs: 5, maxMs: 50 } });
    write(1);
    const live = behind.stream('cpu');
    live.watch(() => undefined);
    await has(live, 1);
    const all = [1];
    for (let value = 2; value < 50; value++) {
      write(value);
      all.push(value);
      if (value % 5 === 0) server.beat();
      if (value % 20 === 0) server.cut();
    }
    await has(live, ...all);
    expect(behind.diagnostics()).toMatchObject({ transport: 'polling', protocol: 2, connection: { is: 'connected' } });
    expect(proxy.upgrades).toBeGreaterThan(0);
    behind.close();
    await proxy.close();
  });

  test('the browser coming online is a reason not to wait', async () => {
    const page = new EventTarget();
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    await start({}, { reconnect: { minMs: 60_000, maxMs: 60_000 } });
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    server.cut();
    await until(() => expect(client.state.is).toBe('waiting'));
    page.dispatchEvent(new Event('online'));
    await isLive(live);
    vi.unstubAllGlobals();
  });

  test('[H2] a server that says nothing for long is taken for lost', async () => {
    await start({}, { silenceMs: 60 });
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    await until(() => expect(server.requests.length).toBeGreaterThan(1));
    expect(server.requests[1]).toHaveProperty('resume');
  });

  test('[H2] a server that sends heads is not', async () => {
    await start({ heartbeatMs: 20 }, { silenceMs: 150 });
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    await pause(400);
    expect(server.requests.length).toBe(1);
  });
});

describe('gaps and new journals', () => {
  test('[H1] [S7] a lost frame shows in the next heads, and is asked for', async () => {
    await start();
    write(1);
    const live = client.stream('cpu');
    const { updates } = record(live);
    await isLive(live);
    server.loseFrames(1);
    write(2);
    server.beat();
    await has(live, 1, 2);
    write(3);
    await has(live, 1, 2, 3);
    await until(() => expect(server.subscriptions).toBe(1));
    const first = updates.findIndex(({ is }) => is === 'live');
    expect(updates.slice(first).every(({ is }) => is === 'live')).toBe(true);
  });

  test('[S8] [S9] a restored database is told with the first of its points', async () => {
    await start();
    write(1, 2);
    const live = client.stream('cpu');
    const { updates } = record(live);
    await has(live, 1, 2);
    const [series] = live.series;
    server.restore();
    write(7);
    await has(live, 7);
    const index = updates.findIndex(({ resync }) => resync);
    expect(updates[index]).toMatchObject({ is: 'live', resync: 'epoch' });
    expect(updates.slice(0, index).some(({ values }) => values.includes(7))).toBe(false);
    expect(updates.filter(({ resync }) => resync).length).toBe(1);
    expect(live.series[0]).toBe(series);
  });

  test('[S9] too much missed is told, and history takes its place', async () => {
    await start({}, { reconnect: { minMs: 30, maxMs: 40 } });
    write(1, 2);
    const live = client.stream('cpu');
    const { updates } = record(live);
    await has(live, 1, 2);
    server.cut();
    write(3);
    server.forget();
    await has(live, 1, 2, 3);
    expect(updates.find(({ values }) => values.includes(3))).toMatchObject({ is: 'live', resync: 'too_far' });
  });
});

describe('refusals', () => {
  test('[S10] a selector that matches nothing is an error, asked anew when somebody watches anew', async () => {
    await start();
    const live = client.stream('cpu', { wait: false });
    const { stop } = record(live);
    await until(() => expect(live.state).toMatchObject({ is: 'error', error: { code: 'not_found' } }));
    stop();
    write(1);
    const again = client.stream('cpu', { wait: false });
    again.watch(() => undefined);
    await has(again, 1);
  });

  test('a mistake in a selector is told, and others are not disturbed', async () => {
    await start();
    write(1);
    client.stream('cpu').watch(() => undefined);
    const wrong = client.stream('cpu{');
    wrong.watch(() => undefined);
    await until(() => expect(wrong.state).toMatchObject({ is: 'error', error: { code: 'invalid_input' } }));
    await isLive(client.stream('cpu'));
  });

  test('[E2] a server that cannot answer at the moment is asked again', async () => {
    let failures = 3;
    await start({
      grant() {
        if (failures-- > 0) throw new QuantumFluxError('unavailable', 'The database is away.');
      },
    });
    write(1);
    const live = client.stream('cpu');
    const { updates } = record(live);
    await has(live, 1);
    expect(server.requests.length).toBe(4);
    await until(() => expect(new Set(updates.map(({ is }) => is))).toEqual(new Set(['connecting', 'live'])));
  });

  test('[A3] a key that is refused is an error for all, and not tried again', async () => {
    await start({
      admit() {
        throw new QuantumFluxError('forbidden', 'This key is for another page.');
      },
    });
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await until(() =>
      expect(live.state).toMatchObject({
        is: 'error',
        error: { code: 'forbidden', message: 'This key is for another page.' },
      }),
    );
    expect(client.state).toEqual({
      is: 'error',
      reason: 'refused',
      error: expect.objectContaining({ code: 'forbidden' }) as unknown,
    });
    await pause(100);
    expect(server.handshakes).toEqual([{ protocol: PROTOCOL_VERSION, frames: 'bare', key: 'qf_pk_test' }]);
  });
});

describe('tokens', () => {
  let count: number;
  const tokens = { key: undefined, getToken: () => Promise.resolve(`token ${++count}`) };
  const tokensSeen = () => server.handshakes.map(({ token }) => token);
  const onlyTakes = (token: string) => ({
    admit(handshake: { token?: string }) {
      if (handshake.token !== token) throw new QuantumFluxError('unauthenticated', 'The token expired.');
    },
  });

  beforeEach(() => {
    count = 0;
  });

  test('[A1] are asked for on every connect', async () => {
    await start({}, tokens);
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    server.cut();
    await until(() => expect(tokensSeen()).toEqual(['token 1', 'token 2']));
    await isLive(live);
  });

  test('[A3] that are refused are asked for once more', async () => {
    await start(onlyTakes('token 2'), tokens);
    write(1);
    client.stream('cpu').watch(() => undefined);
    await has(client.stream('cpu'), 1);
    expect(tokensSeen()).toEqual(['token 1', 'token 2']);
  });

  test('[A3] that are refused twice are an error', async () => {
    await start(onlyTakes('another'), tokens);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await until(() => expect(live.state).toMatchObject({ is: 'error', error: { code: 'unauthenticated' } }));
    expect(tokensSeen()).toEqual(['token 1', 'token 2']);
  });

  test('[G1] that expire are replaced at once, without a loss', async () => {
    await start({}, { ...tokens, reconnect: { minMs: 60_000, maxMs: 60_000 } });
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    server.goodbye('expired');
    write(2);
    await has(live, 1, 2);
    expect(tokensSeen()).toEqual(['token 1', 'token 2']);
  });

  test('[G1] that are revoked end it', async () => {
    await start({}, tokens);
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    server.goodbye('revoked');
    await until(() => expect(live.state).toMatchObject({ is: 'error', error: { code: 'forbidden' } }));
  });

  test('that nobody brings are asked for again later, unless the page says that it makes no sense', async () => {
    await start(
      {},
      {
        key: undefined,
        getToken: () =>
          Promise.reject(++count < 3 ? new Error('offline') : new QuantumFluxError('forbidden', 'Sign in.')),
      },
    );
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await until(() => expect(live.state).toMatchObject({ is: 'error', error: { message: 'Sign in.' } }));
    expect(count).toBe(3);
  });

  test('[G1] a server that stops is left alone as long as it said', async () => {
    await start();
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    const before = Date.now();
    server.goodbye('shutdown', { retryMs: 200 });
    await until(() =>
      expect(client.state).toMatchObject({ is: 'waiting', reason: 'shutdown', error: { code: 'unavailable' } }),
    );
    await isLive(live);
    expect(Date.now() - before).toBeGreaterThanOrEqual(195);
  });
});
