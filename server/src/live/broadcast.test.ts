import { afterEach, expect, test, vi } from 'vitest';
import { createStage, openBare, openStock, type Stage, type Viewer } from './broadcast.testing.ts';
import type { BroadcastOptions } from './broadcast.ts';

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
  stage.heads[7] = 0;
  stage.write({ 5: [[0, 0]] });
  stage.broadcast.beat();
  // [H1] What it does not see moves its position too.
  await vi.waitFor(() => expect(one.offsets).toEqual(stage.heads));
});
