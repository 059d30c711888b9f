import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Inks, Picture } from '../plot/picture.ts';
import { Plot } from '../plot/plot.ts';
import type { Scene } from '../plot/scene.ts';
import { readInks } from './inks.ts';

type Host = ReactiveControllerHost & {
  readonly renderRoot: DocumentFragment | HTMLElement;
  readonly isConnected: boolean;
};

/** The picture without what the theme decides. */
export type Drawing = Omit<Picture, 'inks' | 'restMs'>;

// Who wants less motion sees the window move once in a second; everybody else as soon as it can.
const CALM_MS = 1_000;
const calm = globalThis.matchMedia?.('(prefers-reduced-motion: reduce)');

/** Keeps the canvas of an element drawn, while the element is on the page. */
export class PlotController implements ReactiveController {
  readonly #host: Host;
  readonly #drawing: () => Drawing | undefined;
  readonly #onDraw: () => void;
  #plot: Plot | undefined;
  #inks: Inks | undefined;
  #scene: Scene | undefined;

  /** `drawing`: what is to be seen now, if anything. `onDraw`: it has been drawn; `scene` tells where things are. */
  constructor(host: Host, drawing: () => Drawing | undefined, onDraw: () => void) {
    this.#host = host;
    this.#drawing = drawing;
    this.#onDraw = onDraw;
    host.addController(this);
  }

  /** What was drawn last; undefined while nothing is. */
  get scene(): Scene | undefined {
    return this.#scene;
  }

  /** How wide the canvas is, in CSS pixels; 0 while nobody knows. */
  get width(): number {
    return this.#plot?.width ?? 0;
  }

  /** Points came: draw them in the next frame. */
  refresh(): void {
    const drawing = this.#drawing();
    if (!drawing) this.#scene = undefined;
    this.#plot?.show(
      drawing && { ...drawing, inks: (this.#inks ??= this.#readInks()), restMs: calm?.matches ? CALM_MS : 0 },
    );
  }

  /** Something else will be shown: its axes start anew. */
  reset(): void {
    this.#plot?.reset();
  }

  hostUpdated(): void {
    if (this.#host.isConnected) this.#plot ??= this.#open();
    this.refresh();
  }

  hostDisconnected(): void {
    this.#plot?.close();
    this.#plot = this.#inks = this.#scene = undefined;
  }

  /** For the probe's `transitionend`: the theme has changed. */
  readonly repaint = (): void => {
    this.#inks = undefined;
    this.refresh();
  };

  #open(): Plot {
    return new Plot(this.#host.renderRoot.querySelector('canvas')!, (scene) => {
      this.#scene = scene;
      this.#onDraw();
    });
  }

  #readInks(): Inks {
    return readInks(this.#host.renderRoot.querySelector('.probe')!);
  }
}
