import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { QuantumFluxClient } from './client.ts';
import { openLink, type OpenLink } from './link.ts';
import { isOffline } from './page.ts';
import { isLive, pause, until } from './testing/live.fixture.ts';
import { createProxy, type Proxy } from './testing/proxy.fixture.ts';
import { createTestServer, type TestServer } from './testing/test-server.ts';

let server: TestServer;
let proxy: Proxy;
let client: QuantumFluxClient;
let attempts: number;
/** What stands for the browser: events of the window and of the document. */
let window: EventTarget;
let document: EventTarget & { visibilityState: string };
let navigator: { onLine: boolean };

beforeEach(async () => {
  window = new EventTarget();
  document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  navigator = { onLine: true };
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
  vi.stubGlobal('navigator', navigator);
  server = await createTestServer({ heartbeatMs: Infinity });
  proxy = await createProxy(server.url);
  server.write({ stream: 'cpu', points: [[Date.now(), 1]] });
  attempts = 0;
});

afterEach(async () => {
  client.close();
  await proxy.close();
  await server.close();
  vi.unstubAllGlobals();
});

function watch({ silenceMs = 15_000, minMs = 60_000 } = {}) {
  // A name, as a name server would know it: this machine is reached without a network.
  const named: OpenLink = (address, ...rest) => {
    attempts++;
    return openLink({ ...address, origin: proxy.url }, ...rest);
  };
  const reconnect = { minMs, maxMs: minMs };
  const options = { url: 'http://flux.test', share: false, reconnect, silenceMs, lingerMs: 0 };
  client = new QuantumFluxClient(options, { openLink: named, fetch });
  const live = client.stream('cpu');
  live.watch(() => undefined);
  return live;
}

function setOnline(onLine: boolean): void {
  navigator.onLine = onLine;
  window.dispatchEvent(new Event(onLine ? 'online' : 'offline'));
}

function show(visibilityState: 'hidden' | 'visible'): void {
  vi.stubGlobal('document', Object.assign(document, { visibilityState }));
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('a browser that is offline', () => {
  test('makes no attempt, says so, and connects when it is back', async () => {
    navigator.onLine = false;
    const live = watch({ minMs: 5 });
    expect(client.state).toMatchObject({ is: 'waiting', reason: 'offline', retryAt: null });
    await pause(50);
    expect(attempts).toBe(0);
    setOnline(true);
    await isLive(live);
    expect(attempts).toBe(1);
  });

  test('stops trying when it goes offline while it waits', async () => {
    const live = watch();
    await isLive(live);
    server.cut();
    await until(() => expect(client.state).toMatchObject({ is: 'waiting', reason: 'lost' }));
    setOnline(false);
    expect(client.state).toMatchObject({ is: 'waiting', reason: 'offline', retryAt: null });
    expect(live.state).toMatchObject({ is: 'stale', retryAt: null });
    setOnline(true);
    await isLive(live);
  });

  test('can still reach the machine that it runs on', () => {
    navigator.onLine = false;
    const at = (origin: string) => isOffline({ origin, prefix: '' });
    expect(['http://localhost:5000', 'http://127.0.0.1', 'http://[::1]:5000'].map(at)).toEqual([false, false, false]);
    expect(['https://flux.example.com', 'http://localhost.example.com'].map(at)).toEqual([true, true]);
  });
});

describe('a page that is looked at again', () => {
  test('finds at once that the connection is dead', async () => {
    vi.stubGlobal('document', document);
    const live = watch({ silenceMs: 400, minMs: 5 });
    await isLive(live);
    // The laptop slept: nobody said a word, and no answer will come.
    const thaw = proxy.freeze();
    show('visible');
    await until(() => expect(client.state).toMatchObject({ reason: 'silent' }));
    thaw();
    await isLive(live);
  });

  test('does not wait for the next attempt', async () => {
    vi.stubGlobal('document', document);
    const live = watch();
    await isLive(live);
    show('hidden');
    server.cut();
    await until(() => expect(client.state.is).toBe('waiting'));
    show('visible');
    await isLive(live);
  });

  test('keeps a connection that answers', async () => {
    vi.stubGlobal('document', document);
    const live = watch({ silenceMs: 10_000 });
    await isLive(live);
    show('hidden');
    show('visible');
    await pause(100);
    expect([client.state.is, attempts]).toEqual(['connected', 1]);
  });
});
