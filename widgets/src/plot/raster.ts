import { eachPiece } from './marks/pieces.ts';
import { groundOf, type Pane, timeToX, valueToY } from './pane.ts';
import type { Trace } from './scene.ts';

export type RasterStyle = {
  /** Red, green, blue and alpha in one number, as in an ImageData. */
  readonly color: number;
  readonly dashed: boolean;
  /** How opaque the surface down to zero is, from 0 to 1; 0 for a line. */
  readonly fill: number;
  /** Width of the line, in device pixels. */
  readonly thickness: number;
};

const DASH = 9;
const DASH_ON = 6;

/**
 * Lines with more points than pixels, written pixel by pixel. Such a line is one vertical span in each column, and
 * writing spans takes a twentieth of the time of stroking the same line: a canvas works out every corner of it.
 */
export class Raster {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array<ArrayBuffer>;
  // The highest and lowest place that the line touches in each column.
  readonly #tops: Float32Array;
  readonly #bottoms: Float32Array;
  // Rows that are written to.
  #firstRow: number;
  #endRow = 0;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
    this.#tops = new Float32Array(width);
    this.#bottoms = new Float32Array(width);
    this.#firstRow = height;
  }

  /** Wipes what was drawn. */
  clear(): void {
    this.pixels.fill(0, this.#firstRow * this.width, this.#endRow * this.width);
    this.#firstRow = this.height;
    this.#endRow = 0;
  }

  /** The rows that must be copied to show everything: from, and up to but not including. */
  get rows(): readonly [number, number] {
    return [this.#firstRow, this.#endRow];
  }

  /** `ratio`: device pixels per pixel of the pane, whose left edge is the first column. */
  draw(trace: Trace, pane: Pane, ratio: number, { color, dashed, fill, thickness }: RasterStyle): void {
    this.#measure(trace, pane, ratio);
    const { width } = this;
    const tops = this.#tops;
    const bottoms = this.#bottoms;
    const ground = groundOf(pane) * ratio;
    const half = thickness / 2;
    // A steep line is as wide as a flat one: each column takes the spans of its neighbours too.
    const reach = (Math.round(thickness) - 1) >> 1;
    for (let column = 0; column < width; column++) {
      if (dashed && column % (DASH * ratio) >= DASH_ON * ratio) continue;
      let top = tops[column]!;
      let bottom = bottoms[column]!;
      for (let near = Math.max(0, column - reach); near <= column + reach && near < width; near++) {
        if (tops[near]! < top) top = tops[near]!;
        if (bottoms[near]! > bottom) bottom = bottoms[near]!;
      }
      if (top > bottom) continue;
      this.#span(column, top - half, bottom + half, color, 1);
      if (fill > 0) this.#span(column, Math.min(top, ground), Math.max(bottom, ground), color, fill);
    }
  }

  /** What the line touches, column by column. */
  #measure(trace: Trace, pane: Pane, ratio: number): void {
    const { times, values } = trace.columns;
    const { indices } = trace.kept;
    const { width } = this;
    const tops = this.#tops.fill(Infinity);
    const bottoms = this.#bottoms.fill(-Infinity);
    const toX = timeToX({ ...pane, left: 0, right: (pane.right - pane.left) * ratio });
    const toY = valueToY({ ...pane, top: pane.top * ratio, bottom: pane.bottom * ratio });
    const touch = (column: number, y: number) => {
      if (column < 0 || column >= width) return;
      if (y < tops[column]!) tops[column] = y;
      if (y > bottoms[column]!) bottoms[column] = y;
    };
    eachPiece(trace, (first, last) => {
      let x = toX(times[indices[first]!]!);
      let y = toY(values[indices[first]!]!);
      let column = Math.floor(x);
      touch(column, y);
      for (let k = first + 1; k <= last; k++) {
        const nextX = toX(times[indices[k]!]!);
        const nextY = toY(values[indices[k]!]!);
        const nextColumn = Math.floor(nextX);
        // Where it goes over from one column to the next it touches both.
        for (let edge = Math.max(0, column + 1); edge <= nextColumn && edge <= width; edge++) {
          const between = y + ((nextY - y) * (edge - x)) / (nextX - x);
          touch(edge - 1, between);
          touch(edge, between);
        }
        touch(nextColumn, nextY);
        x = nextX;
        y = nextY;
        column = nextColumn;
      }
    });
  }

  /** Fills a column from one height to the other; its ends are as opaque as the line covers them. */
  #span(column: number, top: number, bottom: number, color: number, opacity: number): void {
    const { width, height } = this;
    const from = Math.max(0, Math.floor(top));
    const to = Math.min(height - 1, Math.ceil(bottom) - 1);
    if (from > to) return;
    if (from < this.#firstRow) this.#firstRow = from;
    if (to >= this.#endRow) this.#endRow = to + 1;
    const first = from * width + column;
    const last = to * width + column;
    this.#put(first, color, opacity * (Math.min(from + 1, bottom) - Math.max(from, top)));
    if (last > first) this.#put(last, color, opacity * (Math.min(to + 1, bottom) - to));
    const { pixels } = this;
    if (opacity === 1) {
      for (let at = first + width; at < last; at += width) pixels[at] = color;
    } else {
      const shade = faded(color, opacity);
      for (let at = first + width; at < last; at += width) if (pixels[at] === 0) pixels[at] = shade;
    }
  }

  /** What is there already is nearer: surfaces lie under lines, and soft ends under everything. */
  #put(at: number, color: number, opacity: number): void {
    if (opacity > 0.99) this.pixels[at] = color;
    else if (this.pixels[at] === 0) this.pixels[at] = faded(color, opacity);
  }
}

function faded(color: number, opacity: number): number {
  return ((color & 0xffffff) | (((color >>> 24) * opacity) << 24)) >>> 0;
}
