import { packedColor } from './colors.ts';
import { grid } from './grid.ts';
import { area } from './marks/area.ts';
import { dot } from './marks/dot.ts';
import { line, LINE_WIDTH } from './marks/line.ts';
import type { Picture } from './picture.ts';
import { Raster } from './raster.ts';
import type { Scene, Trace } from './scene.ts';
import type { Size } from './surface.ts';

/** Puts scenes on a canvas. It keeps the pixels of dense lines from frame to frame. */
export class Painter {
  readonly #context: CanvasRenderingContext2D;
  #raster: Raster | undefined;
  #image: ImageData | undefined;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  paint({ inks, kind }: Picture, scene: Scene, size: Size): void {
    const context = this.#context;
    const { pane, traces } = scene;
    const color = (i: number) => inks.series[i % inks.series.length]!;
    const isDashed = (i: number) => i >= inks.series.length;
    const fill = kind === 'line' ? 0 : traces.length > 1 ? 0.1 : 0.14;
    // More points than pixels: see Raster.
    const isDense = ({ kept }: Trace) => kept.count > pane.right - pane.left;

    if (traces.some(isDense)) {
      const raster = this.#begin(
        Math.round((size.width - pane.left) * size.ratio),
        Math.round(size.height * size.ratio),
      );
      const thickness = LINE_WIDTH * size.ratio;
      traces.forEach((trace, i) => {
        if (!isDense(trace)) return;
        raster.draw(trace, pane, size.ratio, { color: packedColor(color(i)), dashed: isDashed(i), fill, thickness });
      });
      const [first, end] = raster.rows;
      context.putImageData(this.#image!, Math.round(pane.left * size.ratio), 0, 0, first, raster.width, end - first);
    }

    context.save();
    context.beginPath();
    context.rect(pane.left, 0, size.width - pane.left, size.height);
    context.clip();
    traces.forEach((trace, i) => {
      if (!isDense(trace)) line(context, trace, pane, { color: color(i), dashed: isDashed(i) });
    });
    // From here on under what is there, since pixels that are put replace everything.
    context.globalCompositeOperation = 'destination-over';
    traces.forEach((trace, i) => {
      if (fill > 0 && !isDense(trace)) area(context, trace, pane, { color: color(i), opacity: fill });
    });
    context.restore();

    context.globalCompositeOperation = 'destination-over';
    grid(context, scene, inks, size.ratio);
    context.globalCompositeOperation = 'source-over';
    traces.forEach((trace, i) => dot(context, trace, pane, color(i)));
  }

  #begin(width: number, height: number): Raster {
    if (this.#raster?.width === width && this.#raster.height === height) {
      this.#raster.clear();
    } else {
      this.#raster = new Raster(width, height);
      this.#image = new ImageData(new Uint8ClampedArray(this.#raster.pixels.buffer), width, height);
    }
    return this.#raster;
  }
}
