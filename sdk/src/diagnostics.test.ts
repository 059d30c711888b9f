import { afterEach, describe, expect, test, vi } from 'vitest';
import { createFixture, has, isLive, until, type Fixture } from './testing/live.fixture.ts';
import { Meter, Samples } from './traffic.ts';

let fixture: Fixture | undefined;

afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

test('before anything is watched there is nothing, and nothing is asked', async () => {
  fixture = await createFixture();
  expect(fixture.client.diagnostics()).toEqual({
    connection: { is: 'idle', reason: 'new' },
    transport: null,
    protocol: null,
    connectedSince: null,
    reconnects: 0,
    moves: 0,
    roundTripMs: null,
    frames: 0,
    framesPerSecond: 0,
    bytes: 0,
    bytesPerSecond: 0,
    streams: [],
  });
  expect(fixture.server.handshakes).toEqual([]);
});

test('what came, how fast, how old and over what is counted', async () => {
  fixture = await createFixture();
  const { client, server, write } = fixture;
  write(1);
  const live = client.stream('cpu');
  live.watch(() => undefined);
  await isLive(live);
  server.write({ stream: 'cpu', points: [[Date.now() - 10_000, 2]] });
  server.write({ stream: 'cpu', points: [[Date.now() - 9_000, 3]] });
  await has(live, 1, 2, 3);
  const told = client.diagnostics();
  expect(told).toMatchObject({ transport: 'websocket', connection: { is: 'connected' }, reconnects: 0, frames: 2 });
  expect(told.connectedSince).toBeGreaterThan(Date.now() - 10_000);
  expect(told.bytes).toBeGreaterThan(20);
  expect(told.framesPerSecond).toBeGreaterThan(0.1);
  const [stream] = told.streams;
  expect(stream).toMatchObject({
    selector: 'cpu',
    state: 'live',
    series: 1,
    points: 2,
    skipped: 0,
    gaps: 0,
    resyncs: {},
  });
  expect(stream!.ageMs!.p50).toBeGreaterThan(8_900);
  expect(stream!.ageMs!.p99).toBeLessThan(15_000);
  expect(stream!.positionAgeMs).toBeLessThan(5_000);
  await until(() => expect(client.diagnostics().roundTripMs).toBeGreaterThan(0));
});

test('reconnects, gaps and resyncs are counted, and told as events', async () => {
  fixture = await createFixture();
  const { client, server, write } = fixture;
  write(1);
  const live = client.stream('cpu');
  const resyncs = vi.fn();
  const stop = client.on('resync', resyncs);
  live.watch(() => undefined);
  await isLive(live);
  server.loseFrames(1);
  write(2, 3);
  await has(live, 1, 2, 3);
  server.cut();
  await until(() => expect(client.diagnostics().reconnects).toBe(1));
  await isLive(live);
  server.restore();
  write(9);
  await has(live, 9);
  expect(resyncs.mock.calls).toEqual([[{ selector: 'cpu', reason: 'epoch' }]]);
  expect(client.diagnostics().streams).toMatchObject([{ gaps: 2, resyncs: { epoch: 1 } }]);
  stop();
  server.restore();
  write(10);
  await has(live, 10);
  expect(resyncs).toHaveBeenCalledTimes(1);
});

describe('a rate', () => {
  test('is what came a second, and fades when nothing does', () => {
    const meter = new Meter();
    for (let now = 0; now < 60_000; now += 100) meter.add(5, now);
    expect(meter.total).toBe(3_000);
    expect(meter.perSecond(60_000)).toBeGreaterThan(48);
    expect(meter.perSecond(60_000)).toBeLessThan(52);
    expect(meter.perSecond(120_000)).toBeLessThan(0.2);
  });
});

test('percentiles are of the newest samples', () => {
  const samples = new Samples();
  expect(samples.percentiles()).toBe(null);
  for (let i = 1; i <= 100; i++) samples.add(101 - i);
  expect(samples.percentiles()).toEqual({ p50: 50, p99: 99 });
  for (let i = 0; i < 512; i++) samples.add(7);
  expect(samples.percentiles()).toEqual({ p50: 7, p99: 7 });
});
