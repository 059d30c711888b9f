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
  draw(trace: Trace, pane: Pane, ratio: number, style: RasterStyle): void {
    this.#measure(trace, pane, ratio);
    const ground = groundOf(pane) * ratio;
    // A steep line is as wide as a flat one: each column takes the spans of its neighbours too.
    const reach = (Math.round(style.thickness) - 1) >> 1;
    for (let column = 0; column < this.width; column++) {
      if (style.dashed && column % (DASH * ratio) >= DASH_ON * ratio) continue;
      let top = Infinity;
      let bottom = -Infinity;
      for (let near = Math.max(0, column - reach); near <= Math.min(this.width - 1, column + reach); near++) {
        if (this.#tops[near]! < top) top = this.#tops[near]!;
        if (this.#bottoms[near]! > bottom) bottom = this.#bottoms[near]!;
      }
      if (top > bottom) continue;
      this.#span(column, top - style.thickness / 2, bottom + style.thickness / 2, style.color, 1);
      if (style.fill > 0) this.#span(column, Math.min(top, ground), Math.max(bottom, ground), style.color, style.fill);
    }
  }

  /** What the line touches, column by column. */
  #measure(trace: Trace, pane: Pane, ratio: number): void {
    const { times, values } = trace.columns;
    const { indices } = trace.kept;
    const toX = timeToX({ ...pane, left: 0, right: (pane.right - pane.left) * ratio });
    const toY = valueToY({ ...pane, top: pane.top * ratio, bottom: pane.bottom * ratio });
    this.#tops.fill(Infinity);
    this.#bottoms.fill(-Infinity);
    eachPiece(trace, (first, last) => {
      let x = toX(times[indices[first]!]!);
      let y = toY(values[indices[first]!]!);
      this.#touch(Math.floor(x), y);
      for (let k = first + 1; k <= last; k++) {
        const nextX = toX(times[indices[k]!]!);
        const nextY = toY(values[indices[k]!]!);
        const column = Math.floor(nextX);
        const slope = (nextY - y) / (nextX - x);
        // Where it goes over from one column to the next it touches both.
        for (let edge = Math.max(0, Math.floor(x) + 1); edge <= column && edge <= this.width; edge++) {
          const between = y + slope * (edge - x);
          this.#touch(edge - 1, between);
          this.#touch(edge, between);
        }
        this.#touch(column, nextY);
        x = nextX;
        y = nextY;
      }
    });
  }

  #touch(column: number, y: number): void {
    if (column < 0 || column >= this.width) return;
    if (y < this.#tops[column]!) this.#tops[column] = y;
    if (y > this.#bottoms[column]!) this.#bottoms[column] = y;
  }

  /** Fills a column from one height to the other; its ends are as opaque as the line covers them. */
  #span(column: number, top: number, bottom: number, color: number, opacity: number): void {
    const { width, height, pixels } = this;
    const from = Math.max(0, Math.floor(top));
    const to = Math.min(height - 1, Math.ceil(bottom) - 1);
    if (from > to) return;
    if (from < this.#firstRow) this.#firstRow = from;
    if (to >= this.#endRow) this.#endRow = to + 1;
    const first = from * width + column;
    const last = to * width + column;
    // What is there already is nearer: surfaces lie under lines, and soft ends under everything.
    const put = (at: number, covered: number) => {
      if (covered > 0.99 && opacity === 1) pixels[at] = color;
      else if (pixels[at] === 0) pixels[at] = faded(color, opacity * Math.min(1, covered));
    };
    put(first, Math.min(from + 1, bottom) - top);
    if (last > first) put(last, bottom - to);
    if (opacity === 1) {
      for (let at = first + width; at < last; at += width) pixels[at] = color;
    } else {
      const shade = faded(color, opacity);
      for (let at = first + width; at < last; at += width) if (pixels[at] === 0) pixels[at] = shade;
    }
  }
}

function faded(color: number, opacity: number): number {
  return ((color & 0xffffff) | (((color >>> 24) * opacity) << 24)) >>> 0;
}
