import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ClientOptions, LiveUpdate, QuantumFluxClient } from './index.ts';
import { createFixture, has, isLive, pause, record, until, valuesOf, type Fixture } from './testing/live.fixture.ts';
import type { TestServer, TestServerOptions } from './testing/test-server.ts';

let server: TestServer;
let client: QuantumFluxClient;
let write: Fixture['write'];
let close: Fixture['close'];

async function start(serverOptions: TestServerOptions = {}, clientOptions: Partial<ClientOptions> = {}): Promise<void> {
  ({ server, client, write, close } = await createFixture(serverOptions, clientOptions));
}

afterEach(() => close());

describe('history, then live', () => {
  test('[S1] what was there comes first, then what is new', async () => {
    await start();
    write(1, 2);
    const live = client.stream('cpu');
    const { updates } = record(live);
    expect(updates).toEqual([{ is: 'connecting', values: [], resync: undefined }]);
    await has(live, 1, 2);
    expect(live.state).toEqual({ is: 'live' });
    write(3);
    await has(live, 1, 2, 3);
    await until(() => expect(updates.at(-1)).toEqual({ is: 'live', values: [1, 2, 3], resync: undefined }));
  });

  test('[S2] frames that are faster than the reply are not lost and not doubled', async () => {
    await start();
    write(1);
    const release = server.holdReplies();
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await until(() => expect(server.subscriptions).toBe(1));
    write(2, 3);
    server.beat();
    await pause(50);
    expect(valuesOf(live)).toEqual([]);
    release();
    await has(live, 1, 2, 3);
    expect(server.requests.length).toBe(1);
  });

  test('[S2] more frames than are kept before the reply are a gap that is filled', async () => {
    await start();
    write(0);
    const release = server.holdReplies();
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await until(() => expect(server.subscriptions).toBe(1));
    const many = Array.from({ length: 3_000 }, (_, i) => i + 1);
    write(...many);
    await pause(500);
    release();
    await has(live, 0, ...many);
    expect(server.requests[1]).toHaveProperty('resume');
  });

  test('[S12] streams that come later are announced, in the same order for everybody', async () => {
    await start();
    write(1);
    const live = client.stream('*');
    live.watch(() => undefined);
    await isLive(live);
    const [cpu] = live.series;
    server.write({ stream: 'disk', tags: { disk: 'sda' }, unit: 'byte', points: [[Date.now(), 7]] });
    await until(() => expect(valuesOf(live, 'disk{disk="sda"}')).toEqual([7]));
    expect(live.series[0]).toBe(cpu);
    expect(live.series[1]!.meta).toMatchObject({ stream: 'disk', unit: 'byte', kind: 'gauge' });
  });

  test('[S13] streams that may no longer be seen go', async () => {
    await start();
    write(1);
    server.write({ stream: 'disk', points: [[Date.now(), 7]] });
    const live = client.stream('*');
    live.watch(() => undefined);
    await isLive(live);
    server.hide('cpu');
    await until(() => expect(live.series.map(({ key }) => key)).toEqual(['disk']));
  });

  test('[S10] a selector that matches nothing yet waits for streams to come', async () => {
    await start();
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await isLive(live);
    expect(live.series).toEqual([]);
    write(1, 2);
    await has(live, 1, 2);
  });

  test('only the newest points are kept above the capacity', async () => {
    await start();
    write(1, 2, 3);
    const live = client.stream('cpu', { capacity: 3 });
    live.watch(() => undefined);
    await has(live, 1, 2, 3);
    write(4);
    await has(live, 2, 3, 4);
  });
});

describe('watchers', () => {
  test('[S3] all who ask for the same share one subscription', async () => {
    await start();
    write(1);
    const a = client.stream('cpu', { from: '-15m' });
    const b = client.stream('cpu', { width: 1_000 });
    expect(a).toBe(b);
    expect(client.stream('cpu', { width: 500 })).not.toBe(a);
    const updates: string[] = [];
    const stops = [a.watch(() => updates.push('a')), a.watch(() => updates.push('b'))];
    await isLive(a);
    expect(server.subscriptions).toBe(1);
    expect(updates.slice(0, 2)).toEqual(['a', 'b']);
    stops[0]!();
    updates.length = 0;
    write(2);
    await has(a, 1, 2);
    await until(() => expect(new Set(updates)).toEqual(new Set(['b'])));
  });

  test('[S3] two subscriptions on one channel get the same points, and end one by one', async () => {
    await start();
    write(1);
    const wide = client.stream('cpu', { width: 1_000 });
    const narrow = client.stream('cpu', { width: 100 });
    const stop = wide.watch(() => undefined);
    await isLive(wide);
    narrow.watch(() => undefined);
    await isLive(narrow);
    write(2);
    await Promise.all([has(wide, 1, 2), has(narrow, 1, 2)]);
    stop();
    await until(() => expect(server.subscriptions).toBe(1));
    write(3);
    await has(narrow, 1, 2, 3);
    expect(valuesOf(wide)).toEqual([1, 2]);
  });

  test('a late watcher is told at once what is there', async () => {
    await start();
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined);
    await has(live, 1);
    expect(record(live).updates).toEqual([{ is: 'live', values: [1], resync: undefined }]);
  });

  test('many changes in one turn are one update', async () => {
    await start();
    write(1);
    const live = client.stream('cpu');
    const { updates } = record(live);
    await isLive(live);
    await until(() => expect(updates.at(-1)?.is).toBe('live'));
    const before = updates.length;
    const many = Array.from({ length: 500 }, (_, i) => i);
    write(...many);
    await until(() => expect(updates.at(-1)?.values.length).toBe(501));
    expect(updates.length - before).toBeLessThan(250);
  });

  test('the last one to leave ends the subscription after a while, unless somebody comes back', async () => {
    await start({}, { lingerMs: 150 });
    write(1);
    const live = client.stream('cpu');
    live.watch(() => undefined)();
    const stop = live.watch(() => undefined);
    await isLive(live);
    expect(server.requests.length).toBe(1);
    stop();
    stop();
    await pause(50);
    expect(server.subscriptions).toBe(1);
    await until(() => expect([server.subscriptions, server.connections]).toEqual([0, 0]));
    expect(client.state).toEqual({ is: 'idle', reason: 'unwatched' });
    expect(client.stream('cpu')).not.toBe(live);
  });

  test('who watches again after that goes on from there', async () => {
    await start();
    write(1);
    const live = client.stream('cpu');
    const stop = live.watch(() => undefined);
    await has(live, 1);
    stop();
    await until(() => expect(server.connections).toBe(0));
    write(2);
    const { updates } = record(live);
    expect(updates[0]).toEqual({ is: 'stale', values: [1], resync: undefined });
    await has(live, 1, 2);
    expect(client.stream('cpu')).toBe(live);
    expect(client.diagnostics().streams).toHaveLength(1);
    expect(server.requests[1]).toHaveProperty('resume');
  });

  test('a watcher that leaves while the subscription is asked for leaves nothing behind', async () => {
    await start();
    write(1);
    client.stream('*').watch(() => undefined);
    await isLive(client.stream('*'));
    const release = server.holdReplies();
    const stop = client.watch('cpu', {}, () => undefined);
    await until(() => expect(server.subscriptions).toBe(2));
    stop();
    await pause(50);
    release();
    await until(() => expect(server.subscriptions).toBe(1));
  });
});

describe('less than every point', () => {
  test('[S15] a client that was too slow is told how many points it did not get, once, and each watcher', async () => {
    await start();
    write(1);
    const live = client.stream('cpu');
    const told: { skipped: number; newest: number }[] = [];
    const skipped = vi.fn();
    client.on('skipped', skipped);
    live.watch((update) => told.push({ skipped: update.skipped, newest: update.series[0]?.values.at(-1) ?? 0 }));
    await isLive(live);
    const goOn = server.stall();
    for (let value = 2; value <= 10; value++) write(value);
    goOn();
    await has(live, 1, 10);
    await until(() => expect(told.filter((each) => each.skipped > 0)).toEqual([{ skipped: 8, newest: 10 }]));
    expect(skipped.mock.calls).toEqual([[{ selector: 'cpu', points: 8 }]]);
    expect(client.diagnostics().streams).toMatchObject([{ skipped: 8 }]);
    const late = vi.fn();
    live.watch(late);
    expect(late).toHaveBeenCalledWith(expect.objectContaining({ skipped: 0 }));
    write(11);
    await has(live, 1, 10, 11);
    await until(() => expect(told.at(-1)).toEqual({ skipped: 0, newest: 11 }));
  });

  test('[S14] with maxHz a watcher is told how new points are thinned, and keeps the lowest and the highest', async () => {
    await start();
    write(0);
    const live = client.stream('cpu', { maxHz: 20, width: 100 });
    const updates: LiveUpdate[] = [];
    live.watch((update) => updates.push(update));
    await isLive(live);
    await until(() => expect(updates.at(-1)?.conflation).toMatchObject({ maxHz: 20 }));
    const values = Array.from({ length: 500 }, (_, i) => ((i * 7_919) % 500) + 1);
    write(...values);
    await until(() => expect(valuesOf(live)).toEqual(expect.arrayContaining([0, 1, 500])));
    expect(valuesOf(live).length).toBeLessThan(100);
    expect(updates.every(({ skipped }) => skipped === 0)).toBe(true);
    expect(server.requests[0]).toMatchObject({ maxHz: 20, width: 100 });
  });
});
