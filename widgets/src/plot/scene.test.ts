import { expect, test } from 'vitest';
import { type Columns, columnsOf } from './columns.ts';
import { timeToX, valueToY, xToTime } from './pane.ts';
import type { Picture } from './picture.ts';
import { Stage } from './scene.ts';

const size = { width: 600, height: 240, ratio: 1 };
const stage = () => new Stage((label) => 6 * label.length);

function picture(series: Columns[], more: Partial<Picture> = {}): Picture {
  const inks = { text: '', grid: '', series: [''], font: '' };
  const fixed = { min: undefined, max: undefined, unit: null, axes: true, follow: true, restMs: 0 };
  return { series, kind: 'line', span: 60_000, now: () => 100_000, inks, ...fixed, ...more };
}

const ramp = columnsOf(Array.from({ length: 100 }, (_, i): [number, number] => [i * 1_000, 100 + i]));

test('only what is in the window decides what the value axis spans', () => {
  const { pane, traces } = stage().compose(picture([ramp]), size);
  expect([pane.low, pane.high]).toEqual([140, 200]);
  expect(traces[0]!.points).toBeGreaterThanOrEqual(59);
});

test('the window ends now, to the pixel', () => {
  const { pane } = stage().compose(picture([ramp]), size);
  const msPerPixel = 60_000 / (pane.right - pane.left);
  expect(pane.to).toBeGreaterThanOrEqual(100_000);
  expect(pane.to - 100_000).toBeLessThan(msPerPixel);
  expect(pane.to - pane.from).toBeCloseTo(60_000);
});

test('a series without points in the window says so', () => {
  const { traces } = stage().compose(picture([ramp], { now: () => 1e9 }), size);
  expect(traces[0]!.points).toBe(0);
});

test('labels have the room they need, and do not give it back', () => {
  const one = stage();
  const small = one.compose(picture([ramp]), size).pane.left;
  const large = one.compose(
    picture(
      [
        columnsOf([
          [90_000, 1],
          [95_000, 9_500],
        ]),
      ],
      { unit: 'requests' },
    ),
    size,
  ).pane.left;
  expect(large).toBeGreaterThan(small);
  expect(one.compose(picture([ramp]), size).pane.left).toBe(large);
});

test('small plots have no axes', () => {
  const { pane, valueTicks, timeTicks } = stage().compose(picture([ramp]), { width: 120, height: 40, ratio: 2 });
  expect([pane.left, valueTicks, timeTicks]).toEqual([0, [], []]);
});

test('pixels and times are each other the wrong way round', () => {
  const { pane } = stage().compose(picture([ramp]), size);
  expect(timeToX(pane)(xToTime(pane)(321))).toBeCloseTo(321);
  expect(valueToY(pane)(pane.low)).toBe(pane.bottom);
  expect(valueToY(pane)(pane.high)).toBeCloseTo(pane.top);
});

test('series that are gone leave no trace', () => {
  const one = stage();
  one.compose(picture([ramp, ramp]), size);
  expect(one.compose(picture([ramp]), size).traces.length).toBe(1);
});
