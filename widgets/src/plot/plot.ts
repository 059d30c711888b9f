import { cancelDraw, requestDraw } from './frames.ts';
import { Painter } from './paint.ts';
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
  readonly #painter: Painter;
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
    this.#painter = new Painter(this.#surface.context);
    this.#stage = new Stage((label) => this.#surface.context.measureText(label).width);
  }

  /** In CSS pixels. */
  get width(): number {
    return this.#surface.width;
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
    this.#surface.context.font = picture.inks.font;
    const scene = this.#stage.compose(picture, size);
    this.#painter.paint(picture, scene, size);
    const { pane } = scene;
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
