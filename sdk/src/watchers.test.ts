import { afterEach, expect, test, vi } from 'vitest';
import { Watchers } from './watchers.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 5));

test('many changes are one call with the newest news', async () => {
  const watchers = new Watchers<number>();
  const told: number[] = [];
  watchers.add((news) => told.push(news));
  let newest = 0;
  for (newest = 1; newest < 5; newest++) watchers.tellSoon(() => newest);
  expect(told).toEqual([]);
  await nextTurn();
  expect(told).toEqual([5]);
});

test('what must be told now is told with what was to be told soon', async () => {
  const watchers = new Watchers<string>();
  const told: string[] = [];
  watchers.add((news) => told.push(news));
  watchers.tellSoon(() => 'soon');
  watchers.tell('now');
  await nextTurn();
  expect(told).toEqual(['now']);
});

test('nobody is told after leaving, and leaving twice is leaving once', async () => {
  const watchers = new Watchers<string>();
  const told: string[] = [];
  const call = (news: string) => void told.push(news);
  const leave = watchers.add(call);
  watchers.add(call);
  leave();
  leave();
  expect(watchers.size).toBe(1);
  watchers.tell('once');
  watchers.tellSoon(() => 'never');
  watchers.cancel();
  await nextTurn();
  expect(told).toEqual(['once']);
});

test('a mistake in one callback is reported, and the others are told', async () => {
  const reported: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').once('uncaughtException', (error) => reported.push(error));
  const watchers = new Watchers<string>();
  const told: string[] = [];
  watchers.add(() => {
    throw new Error('mine');
  });
  watchers.add((news) => told.push(news));
  watchers.tell('news');
  await nextTurn();
  for (const listener of listeners) process.on('uncaughtException', listener);
  expect(told).toEqual(['news']);
  expect(reported).toEqual([new Error('mine')]);
});

test('on a page it is the next animation frame, or a moment later when the page is hidden and has none', async () => {
  const frames = new Map<number, () => void>();
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.set(frames.size + 1, run).size);
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => frames.delete(frame));
  const watchers = new Watchers<string>();
  const told: string[] = [];
  watchers.add((news) => told.push(news));
  watchers.tellSoon(() => 'frame');
  await nextTurn();
  expect(told).toEqual([]);
  for (const run of frames.values()) run();
  expect(told).toEqual(['frame']);
  watchers.tellSoon(() => 'hidden');
  await vi.waitFor(() => expect(told).toEqual(['frame', 'hidden']));
  expect(frames.size).toBe(0);
});
