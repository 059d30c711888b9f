import { cancelDraw, requestDraw } from './frames.ts';
import { grid } from './grid.ts';
import { area } from './marks/area.ts';
import { dot } from './marks/dot.ts';
import { line } from './marks/line.ts';
import type { Picture } from './picture.ts';
import { type Scene, Stage } from './scene.ts';
import { Surface } from './surface.ts';

/** Shorter waits are for the next frame anyway. */
const ONE_FRAME_MS = 1000 / 60;

/**
 * A canvas that shows a picture and moves on with time. Change the picture as often as you like: it is drawn once per
 * frame, only while it can be seen, and without new points only when the window has moved by a pixel.
 */
export class Plot {
  readonly #surface: Surface;
  readonly #stage: Stage;
  readonly #onDraw: (scene: Scene) => void;
  #picture: Picture | undefined;
  #isVisible = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(canvas: HTMLCanvasElement, onDraw: (scene: Scene) => void) {
    this.#onDraw = onDraw;
    this.#surface = new Surface(canvas, {
      // At once: a frame later the page would show the old picture, stretched.
      onResize: () => this.draw(),
      onVisible: (isVisible) => {
        this.#isVisible = isVisible;
        this.#request();
      },
    });
    this.#stage = new Stage((label) => this.#surface.context.measureText(label).width);
  }

  /** Nothing is shown without a picture. */
  show(picture: Picture | undefined): void {
    this.#picture = picture;
    this.#request();
  }

  /** To be called when the next picture has nothing to do with the last one. */
  reset(): void {
    this.#stage.reset();
  }

  /** For the frame loop only; everybody else says `show`. */
  draw(): void {
    const picture = this.#picture;
    const size = this.#isVisible ? this.#surface.begin() : undefined;
    if (!picture || !size) return;
    const { context } = this.#surface;
    const { inks, kind } = picture;
    context.font = inks.font;
    const scene = this.#stage.compose(picture, size);
    const { pane, traces } = scene;
    const color = (i: number) => inks.series[i % inks.series.length]!;

    grid(context, scene, inks, size.ratio);
    context.save();
    context.beginPath();
    context.rect(pane.left, 0, size.width - pane.left, size.height);
    context.clip();
    if (kind === 'area') traces.forEach((trace, i) => area(context, trace, pane, color(i), traces.length > 1 ? 0.1 : 0.14));
    traces.forEach((trace, i) => line(context, trace, pane, { color: color(i), dashed: i >= inks.series.length }));
    context.restore();
    traces.forEach((trace, i) => dot(context, trace, pane, color(i)));

    this.#moveOn(picture, picture.span / (pane.right - pane.left));
    this.#onDraw(scene);
  }

  close(): void {
    clearTimeout(this.#timer);
    cancelDraw(this);
    this.#surface.close();
  }

  #request(): void {
    clearTimeout(this.#timer);
    if (this.#isVisible) requestDraw(this);
  }

  #moveOn({ follow, restMs }: Picture, msPerPixel: number): void {
    clearTimeout(this.#timer);
    if (!follow) return;
    const waitMs = Math.max(restMs, msPerPixel);
    if (waitMs <= ONE_FRAME_MS) requestDraw(this);
    else this.#timer = setTimeout(() => requestDraw(this), waitMs);
  }
}
