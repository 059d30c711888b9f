import { expect, test } from 'vitest';
import { columnsOf } from './columns.ts';
import type { Pane } from './pane.ts';
import { Raster, type RasterStyle } from './raster.ts';
import type { Trace } from './scene.ts';

const BLACK = 0xff000000;
const pane: Pane = { left: 0, right: 10, top: 0, bottom: 10, from: 0, to: 10, low: 0, high: 10 };
const thin: RasterStyle = { color: BLACK, dashed: false, fill: 0, thickness: 1 };

function traceOf(points: [number, number][], gap = Infinity): Trace {
  const indices = Int32Array.from(points.keys());
  return { columns: columnsOf(points), kept: { indices, count: points.length }, gap, points: points.length };
}

/** Rows of text: `#` opaque, `+` half there, `.` nothing. */
function drawn(points: [number, number][], style: Partial<RasterStyle> = {}, gap?: number): string[] {
  const raster = new Raster(10, 10);
  raster.draw(traceOf(points, gap), pane, 1, { ...thin, ...style });
  const letter = (pixel: number) => (pixel === 0 ? '.' : pixel === BLACK ? '#' : '+');
  return Array.from({ length: 10 }, (_, y) => Array.from(raster.pixels.subarray(10 * y, 10 * y + 10), letter).join(''));
}

test('a flat line is a row of pixels', () => {
  expect(
    drawn([
      [0, 5.5],
      [9.9, 5.5],
    ]),
  ).toEqual([...Array<string>(4).fill('..........'), '##########', ...Array<string>(5).fill('..........')]);
});

test('a line between two rows is half in each of them', () => {
  const rows = drawn([
    [0, 5],
    [9.9, 5],
  ]);
  expect(rows.slice(3, 7)).toEqual(['..........', '++++++++++', '++++++++++', '..........']);
});

test('a peak of one point is as high as it is', () => {
  const rows = drawn([
    [0, 0.5],
    [4.2, 0.5],
    [4.4, 9.5],
    [4.6, 0.5],
    [9.9, 0.5],
  ]);
  expect(rows.map((row) => row[4])).toEqual(Array(10).fill('#'));
  expect(rows[0]).toBe('....#.....');
});

test('a slope has no holes', () => {
  const rows = drawn([
    [0.5, 0.5],
    [9.5, 9.5],
  ]);
  for (let column = 1; column < 9; column++) {
    const own = rows.map((row) => row[column] !== '.');
    const next = rows.map((row) => row[column + 1] !== '.');
    expect(own.some((isDrawn, row) => isDrawn && next[row])).toBe(true);
  }
});

test('a gap stays empty', () => {
  const rows = drawn(
    [
      [0, 5.5],
      [2, 5.5],
      [7, 5.5],
      [9, 5.5],
    ],
    {},
    3,
  );
  expect(rows[4]).toBe('###....###');
});

test('a thick line is thick in both directions', () => {
  const rows = drawn(
    [
      [0, 0.5],
      [4.5, 0.5],
      [4.6, 9.5],
      [4.7, 0.5],
      [9, 0.5],
    ],
    { thickness: 3 },
  );
  expect(rows[5]).toBe('...###....');
});

test('a surface reaches to zero, under the line', () => {
  const rows = drawn(
    [
      [0, 5.5],
      [9.9, 5.5],
    ],
    { fill: 0.2 },
  );
  expect(rows.map((row) => row[0]).join('')).toBe('....#+++++');
});

test('a dashed line has holes', () => {
  expect(
    drawn(
      [
        [0, 5.5],
        [9.9, 5.5],
      ],
      { dashed: true },
    )[4],
  ).toBe('######...#');
});

test('what lies outside is cut off', () => {
  const rows = drawn([
    [-5, 5.5],
    [20, 5.5],
  ]);
  expect(rows[4]).toBe('##########');
  expect(
    drawn([
      [0, 500],
      [9, 500],
    ]).join(''),
  ).not.toContain('#');
});

test('knows which rows it wrote to, and wipes them', () => {
  const raster = new Raster(10, 10);
  raster.draw(
    traceOf([
      [0, 5.5],
      [9.9, 5.5],
    ]),
    pane,
    1,
    thin,
  );
  expect(raster.rows).toEqual([4, 5]);
  raster.clear();
  expect(raster.pixels.every((pixel) => pixel === 0)).toBe(true);
});
