import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClientOptions } from './index.ts';
import { QuantumFluxError } from './protocol/index.ts';
import { createFixture, has, isLive, pause, until, type Fixture } from './testing/live.fixture.ts';
import type { TestServerOptions } from './testing/test-server.ts';

let fixture: Fixture;
let count: number;
const fetchToken = { getToken: () => Promise.resolve(`token ${++count}`) };

beforeEach(() => {
  count = 0;
});

afterEach(() => fixture.close());

/** A client with a live stream, by tokens that end at some time. */
async function watch(expiresAt: TestServerOptions['expiresAt'], options: Partial<ClientOptions> = fetchToken) {
  fixture = await createFixture(expiresAt && { expiresAt }, { key: undefined, ...options });
  fixture.write(1);
  const live = fixture.client.stream('cpu');
  live.watch(() => undefined);
  await isLive(live);
  return live;
}

const inMs = (ms: number) => () => Date.now() + ms;

describe('[A5] a token is replaced on the open connection', () => {
  test('when the server asks', async () => {
    const live = await watch(inMs(3_600_000));
    fixture.server.askForToken({ expiresAt: Date.now() + 60_000 });
    await until(() => expect(fixture.server.refreshed).toEqual(['token 2']));
    fixture.write(2);
    await has(live, 1, 2);
    expect(fixture.server.handshakes.length).toBe(1);
    expect(fixture.client.diagnostics()).toMatchObject({ reconnects: 0 });
  });

  test('before it ends, should the server not ask; again and again', async () => {
    await watch(inMs(200));
    await until(() => expect(fixture.server.refreshed.slice(0, 3)).toEqual(['token 2', 'token 3', 'token 4']));
    expect(fixture.server.handshakes.length).toBe(1);
  });

  test('once, however often the server asks meanwhile', async () => {
    let bring = (_: string) => undefined as void;
    const tokens = [Promise.resolve('token 1'), new Promise<string>((resolve) => (bring = resolve))];
    await watch(inMs(3_600_000), { getToken: () => tokens[count++]! });
    for (let i = 0; i < 3; i++) fixture.server.askForToken({ expiresAt: Date.now() + 60_000 });
    await until(() => expect(count).toBe(2));
    bring('token 2');
    await until(() => expect(fixture.server.refreshed).toEqual(['token 2']));
    fixture.server.askForToken({ expiresAt: Date.now() + 60_000 });
    await pause(50);
    expect([count, fixture.server.refreshed.length]).toEqual([2, 1]);
  });

  test('later, when getToken fails for now; nothing is disturbed', async () => {
    const getToken = () =>
      ++count === 2 ? Promise.reject(new Error('no network')) : Promise.resolve(`token ${count}`);
    const live = await watch(inMs(3_600_000), { getToken });
    fixture.server.askForToken({ expiresAt: Date.now() + 60_000 });
    await until(() => expect(count).toBe(2));
    fixture.write(2);
    await has(live, 1, 2);
    await until(() => expect(fixture.server.refreshed).toEqual(['token 3']));
    expect(fixture.server.handshakes.length).toBe(1);
  });

  test('not, when getToken says that there will be none: the connection is as it was', async () => {
    const getToken = () =>
      ++count === 1 ? Promise.resolve('token 1') : Promise.reject(new QuantumFluxError('forbidden', 'Signed out.'));
    const live = await watch(inMs(200), { getToken });
    await until(() => expect(count).toBe(2));
    await pause(300);
    expect(count).toBe(2);
    fixture.write(2);
    await has(live, 1, 2);
  });

  test('and requests use it from then on', async () => {
    await watch(inMs(3_600_000));
    fixture.server.askForToken({ expiresAt: Date.now() + 60_000 });
    await until(() => expect(fixture.server.refreshed).toEqual(['token 2']));
    await fixture.client.streams('*', { signal: AbortSignal.abort() }).catch(() => undefined);
    expect(count).toBe(2);
  });
});

test('[A5] a key is not renewed', async () => {
  await watch(inMs(100), { key: 'qf_pk_test', getToken: undefined });
  fixture.server.askForToken({ expiresAt: Date.now() + 100 });
  await pause(200);
  expect([fixture.server.refreshed, fixture.client.state.is]).toEqual([[], 'connected']);
});
