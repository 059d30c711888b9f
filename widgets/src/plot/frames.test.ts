import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cancelDraw, requestDraw } from './frames.ts';

// Node has no frames: the test turns the page itself.
let frames: Map<number, () => void>;

beforeEach(() => {
  frames = new Map();
  let count = 0;
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => (frames.set(++count, run), count));
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => frames.delete(frame));
});
afterEach(() => vi.unstubAllGlobals());

function nextFrame() {
  const due = [...frames.values()];
  frames.clear();
  for (const run of due) run();
}

test('many requests of many charts are one frame and one drawing each', () => {
  const drawn: string[] = [];
  const [a, b] = ['a', 'b'].map((name) => ({ draw: () => void drawn.push(name) }));
  for (const drawable of [a!, b!, a!, b!]) requestDraw(drawable);
  expect(frames.size).toBe(1);
  nextFrame();
  expect(drawn).toEqual(['a', 'b']);
  expect(frames.size).toBe(0);
});

test('who asks while drawing is drawn in the next frame', () => {
  let count = 0;
  const greedy = { draw: () => void (++count < 3 && requestDraw(greedy)) };
  requestDraw(greedy);
  nextFrame();
  expect(count).toBe(1);
  nextFrame();
  nextFrame();
  expect(count).toBe(3);
});

test('nothing is left when the last one cancels', () => {
  const drawable = { draw: () => expect.unreachable() };
  requestDraw(drawable);
  cancelDraw(drawable);
  expect(frames.size).toBe(0);
});
