import { afterEach, expect, test, vi } from 'vitest';
import { createStage, openBare, openStock, type Reader, type Stage, type Viewer } from './broadcast.testing.ts';
import type { BroadcastOptions } from './broadcast.ts';
import type { Outlet } from './outlet.ts';

let stage: Stage;
const viewers: Viewer[] = [];

afterEach(async () => {
  for (const viewer of viewers.splice(0)) {
    expect(viewer.errors).toEqual([]);
    viewer.close();
  }
  await stage.stop();
});

async function start(options: BroadcastOptions = {}): Promise<void> {
  stage = await createStage(options);
  for (let id = 1; id <= 20; id++) stage.addStream(id, `s.${id}`);
}

async function open(viewer: Promise<Viewer>): Promise<Viewer> {
  viewers.push(await viewer);
  return viewers.at(-1)!;
}

const forms: [string, () => Promise<Viewer>][] = [
  ['a WebSocket that reads bare frames', () => openBare(stage.url)],
  ['a stock client', () => openStock(stage.url)],
  ['a stock client of version 1', () => openStock(stage.url, { protocol: 1 })],
  ['a stock client that polls', () => openStock(stage.url, { transports: ['polling'] })],
  ['a stock client of version 1 that polls', () => openStock(stage.url, { protocol: 1, transports: ['polling'] })],
  ['a stock client that upgrades', () => openStock(stage.url, { transports: ['polling', 'websocket'] })],
];

test.each(forms)('[F1] [F3] [F5] %s gets every point once, and heads', async (_, openViewer) => {
  await start();
  const viewer = await open(openViewer());
  const [one, many] = [await viewer.join('s.1'), await viewer.join('s.*')];
  for (let i = 0; i < 200; i++) {
    stage.write({ 1: [[i, i]], 2: [[i, -i]], 9: [[i, i / 2]] });
    if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (i % 50 === 0) stage.broadcast.beat();
  }
  const expected = Array.from({ length: 200 }, (_, i) => i);
  await vi.waitFor(() => expect(many.values(9)).toEqual(expected.map((i) => i / 2)));
  expect(one.values(1)).toEqual(expected);
  expect(many.values(1)).toEqual(expected);
  expect(many.values(2)).toEqual(expected.map((i) => -i));
  expect([...one.points.keys()]).toEqual([1]);
  stage.write({ 5: [[0, 0]] });
  stage.broadcast.beat();
  // [H1] What it does not see moves its position too.
  await vi.waitFor(() => expect(one.offsets).toEqual(stage.heads));
});

/** Megabytes take their time. */
const patient = { timeout: 10_000 };

/** Values that no coding makes small. */
function noise(count: number, from: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => [from + i + Math.random(), Math.random()]);
}

/** Writes until something holds: the buffers of the network swallow megabytes first. */
async function writeUntil(check: () => boolean, write: (round: number) => void): Promise<number> {
  for (let round = 0; ; round++) {
    if (check()) return round;
    if (round > 5_000) throw new Error('It never came to that.');
    write(round);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const lagOf = (viewer: Viewer) => stage.members.get(viewer.id)!.lag;

test.each(forms.slice(0, 2))(
  '[F4] [S15] %s that does not read is left out, and told what it skipped; others do not wait for it',
  async (_, openViewer) => {
    await start({ maxWaitingBytes: 512 * 1_024 });
    const slow = await open(openViewer());
    const quick = await open(openViewer());
    const [reader, other] = [await slow.join('s.*'), await quick.join('s.*')];
    slow.pause();
    let written = 0;
    const write = (): void => {
      written += 5_100;
      stage.write({ 1: noise(5_000, written), 2: noise(100, written) });
    };
    await writeUntil(() => lagOf(slow) !== undefined, write);
    const waiting = stage.members.get(slow.id)!.outlet.waiting;
    expect(waiting).toBeLessThanOrEqual(512 * 1_024);
    for (let i = 0; i < 100; i++) {
      write();
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Nothing more waits for it, however much comes, and the other one has it all.
    expect(stage.members.get(slow.id)!.outlet.waiting).toBe(waiting);
    await vi.waitFor(() => expect(other.values(1).length + other.values(2).length).toBe(written), patient);
    expect(other.deliveries).not.toContain('coalesced');

    slow.resume();
    await vi.waitFor(() => expect(lagOf(slow)).toBeUndefined(), patient);
    stage.write({ 1: [[1e9, 42]], 2: [[1e9, 43]] });
    await vi.waitFor(() => expect(reader.values(1).at(-1)).toBe(42), patient);
    expect(reader.deliveries.filter((delivery) => delivery === 'coalesced')).toHaveLength(1);
    expect(reader.skipped).toBeGreaterThan(0);
    expect(reader.values(1).length + reader.values(2).length + reader.skipped).toBe(written + 2);
  },
);

test('[F4] who missed little gets it all, whole', async () => {
  await start({ maxWaitingBytes: 64 * 1_024, wholeBytes: 64 * 1_024 * 1_024, searchBytes: 64 * 1_024 * 1_024 });
  const slow = await open(openBare(stage.url));
  const reader = await slow.join('s.1');
  slow.pause();
  let written = 0;
  const write = (): void => stage.write({ 1: noise(5_000, (written += 5_000)) });
  await writeUntil(() => lagOf(slow) !== undefined, write);
  for (let i = 0; i < 5; i++) write();
  slow.resume();
  await vi.waitFor(() => expect(reader.values(1)).toHaveLength(written), patient);
  expect(reader.skipped).toBe(0);
});

test('[F4] while it does not read, streams that come and go are kept for it, and told before their points', async () => {
  await start({ maxWaitingBytes: 64 * 1_024, wholeBytes: 0 });
  const slow = await open(openBare(stage.url));
  const reader = await slow.join('s.*');
  slow.pause();
  await writeUntil(
    () => lagOf(slow) !== undefined,
    (round) => stage.write({ 1: noise(5_000, round * 5_000) }),
  );
  stage.addStream(30, 's.30');
  stage.write({ 30: [[1, 30]] });
  stage.broadcast.onChange([{ ...stage.streamOf(2), public: false, organization: 'elsewhere' }]);
  stage.write({ 30: [[2, 31]] });
  slow.resume();
  await vi.waitFor(() => expect(reader.values(30)).toEqual([31]), patient);
  expect(slow.heard).toEqual([
    ['streams', { channel: 1, streams: [{ id: 30, stream: 's.30', tags: {}, unit: null, kind: 'gauge' }] }],
    ['gone', { channel: 1, streams: [2] }],
  ]);
});

test('[F4] [V3] a client of version 1 that does not read is ended at once, with shutdown', async () => {
  await start({ maxWaitingBytes: 64 * 1_024 });
  const slow = await open(openStock(stage.url, { protocol: 1 }));
  await slow.join('s.*');
  slow.pause();
  await writeUntil(
    () => !stage.members.get(slow.id)!.socket.connected,
    (round) => stage.write({ 1: noise(5_000, round * 5_000) }),
  );
  slow.resume();
  await vi.waitFor(() => expect(slow.isOpen()).toBe(false), patient);
  expect(slow.heard).toEqual([['goodbye', { reason: 'shutdown', retryMs: 1_000 }]]);
});

test('[F4] who takes nothing for too long is ended, and what waits for it is let go', async () => {
  await start({ maxWaitingBytes: 64 * 1_024, stuckMs: 300 });
  const stuck = await open(openBare(stage.url));
  await stuck.join('s.*');
  stuck.pause();
  await writeUntil(
    () => lagOf(stuck) !== undefined,
    (round) => stage.write({ 1: noise(5_000, round * 5_000) }),
  );
  const { outlet, socket } = stage.members.get(stuck.id)!;
  expect(outlet.waiting).toBeGreaterThan(0);
  await vi.waitFor(() => expect(socket.connected).toBe(false), patient);
  await vi.waitFor(() => expect(outlet.waiting).toBe(0), patient);
});

test('[F4] who is slow but takes something is not ended', async () => {
  await start({ maxWaitingBytes: 64 * 1_024, stuckMs: 1_500 });
  const slow = await open(openBare(stage.url));
  const reader = await slow.join('s.1');
  let written = 0;
  const write = (): void => stage.write({ 1: noise(5_000, (written += 5_000)) });
  const end = performance.now() + 3_000;
  // Reads a little now and then, less than what comes.
  while (performance.now() < end) {
    slow.pause();
    await writeUntil(() => lagOf(slow) !== undefined, write);
    slow.resume();
    await vi.waitFor(() => expect(lagOf(slow)).toBeUndefined(), patient);
  }
  stage.write({ 1: [[1e9, 42]] });
  await vi.waitFor(() => expect(reader.values(1).at(-1)).toBe(42), patient);
  expect(slow.isOpen()).toBe(true);
  expect(reader.values(1).length + reader.skipped).toBe(written + 1);
});

test('[S14] a conflated channel sends no more often than asked for, and says what it left out; others get every point', async () => {
  await start();
  const viewer = await open(openBare(stage.url));
  const all = await viewer.join('s.1');
  const few = await viewer.join('s.1', { intervalMs: 100, maxHz: 5 });
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < 700) {
    stage.write({ 1: [[count, Math.sin(count++)]] });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => expect(few.values(1).length + few.skipped).toBe(count));
  expect(all.values(1)).toHaveLength(count);
  expect(few.deliveries.length).toBeLessThanOrEqual(6);
  expect(few.deliveries).toContain('conflated');
  expect(Math.max(...few.values(1))).toBe(Math.max(...all.values(1)));
  expect(Math.min(...few.values(1))).toBe(Math.min(...all.values(1)));
});

test('[S13] what was gathered of a stream is sent before its viewers hear that it is gone, and nothing after', async () => {
  await start();
  const viewer = await open(openBare(stage.url));
  const reader = await viewer.join('s.*', { intervalMs: 10, maxHz: 0.1 });
  stage.write({ 1: [[1, 1]] });
  stage.broadcast.onChange([{ ...stage.streamOf(1), organization: 'elsewhere' }]);
  stage.streams.set(1, { ...stage.streamOf(1), organization: 'elsewhere' });
  await vi.waitFor(() => expect(viewer.heard).toEqual([['gone', { channel: 1, streams: [1] }]]));
  expect(reader.values(1)).toEqual([1]);
  stage.write({ 1: [[2, 2]] });
  stage.broadcast.onChange([]);
  stage.broadcast.beat();
  await vi.waitFor(() => expect(reader.offsets).toEqual(stage.heads));
  expect(reader.values(1)).toEqual([1]);
});

test('one write per flush and connection, however many channels it has', async () => {
  await start();
  const viewer = await open(openBare(stage.url));
  const readers: Reader[] = [];
  for (let id = 1; id <= 10; id++) readers.push(await viewer.join(`s.${id}`));
  const { outlet } = stage.members.get(viewer.id)!;
  const write = vi.spyOn((outlet as Outlet).direct!, 'write');
  stage.write(Object.fromEntries(readers.map((_, i) => [i + 1, [[1, i]]])));
  await vi.waitFor(() => expect(readers.map((reader, i) => reader.values(i + 1))).toEqual(readers.map((_, i) => [i])));
  expect(write).toHaveBeenCalledTimes(1);
});
