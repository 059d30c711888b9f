import { html, type ReactiveController, type ReactiveControllerHost, render } from 'lit';
import type { NamedSeries } from '../base/named-series.ts';
import { seriesClass } from '../base/palette.ts';
import { cancelDraw, requestDraw } from '../plot/frames.ts';
import { neighbourTime } from '../plot/nearest.ts';
import { type Pane, xToTime } from '../plot/pane.ts';
import type { Scene } from '../plot/scene.ts';
import { inspect, type Inspection } from './inspection.ts';

export type Inspected = { readonly scene: Scene; readonly all: readonly NamedSeries[] };

type Ports = {
  /** What can be read now; undefined while there is no picture. */
  inspected: () => Inspected | undefined;
  /** The user reads another moment, or none any more. */
  onInspect: (time: number | null) => void;
};

const PAGE = 10;
const FOLLOWING = 'Follows the newest points. Use the arrow keys to read them one by one.';

/**
 * Reads values under the pointer or by keyboard. It lives in a layer of its own above the canvas, so that moving it
 * never draws the series again. The region that it is in is a slider over time for assistive technology.
 */
export class Crosshair implements ReactiveController {
  readonly #host: ReactiveControllerHost & { readonly renderRoot: ParentNode };
  readonly #ports: Ports;
  // A pointer stays at its pixel while the picture moves; the keyboard stays at its moment.
  #place: { readonly x: number } | { readonly time: number } | undefined;
  #shown: number | null = null;

  constructor(host: ReactiveControllerHost & { readonly renderRoot: ParentNode }, ports: Ports) {
    this.#host = host;
    this.#ports = ports;
    host.addController(this);
  }

  hostDisconnected(): void {
    cancelDraw(this);
    this.#place = undefined;
    if (this.#shown !== null) this.draw();
  }

  readonly onPointerMove = ({ offsetX }: PointerEvent): void => {
    this.#place = { x: offsetX };
    requestDraw(this);
  };

  readonly clear = (): void => {
    if (!this.#place) return;
    this.#place = undefined;
    requestDraw(this);
  };

  readonly onKeyDown = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? PAGE : 1;
    switch (event.key) {
      case 'ArrowLeft':
        this.#step(-1, step);
        break;
      case 'ArrowRight':
        this.#step(1, step);
        break;
      case 'PageUp':
      case 'PageDown':
        this.#step(event.key === 'PageUp' ? 1 : -1, PAGE);
        break;
      case 'Home':
        this.#place = { time: -Infinity };
        break;
      case 'End':
        this.#place = { time: Infinity };
        break;
      case 'Escape':
        this.#place = undefined;
        break;
      default:
        return;
    }
    // The keys are ours: the page must not scroll under the reader.
    event.preventDefault();
    requestDraw(this);
  };

  /** Puts it where it belongs; also after the picture has moved below it. */
  draw(): void {
    const inspected = this.#ports.inspected();
    const found = inspected && this.#place && inspect(this.#time(inspected.scene), inspected.scene, inspected.all);
    if (found && this.#place && 'time' in this.#place) this.#place = { time: found.time };
    if (!found && this.#shown === null) return;
    this.#render(found, inspected?.scene.pane);
    if ((found?.time ?? null) === this.#shown) return;
    this.#shown = found?.time ?? null;
    this.#ports.onInspect(this.#shown);
  }

  #time({ pane }: Scene): number {
    if (!this.#place) return pane.to;
    const time = 'time' in this.#place ? this.#place.time : xToTime(pane)(this.#place.x);
    return Math.min(pane.to, Math.max(pane.from, time));
  }

  #step(direction: 1 | -1, count: number): void {
    const inspected = this.#ports.inspected();
    if (!inspected) return;
    const columns = inspected.all.map(({ series }) => series);
    // The first step, in either direction, is to the newest point.
    let time = this.#place ? (this.#shown ?? this.#time(inspected.scene)) : Infinity;
    for (let i = 0; i < count && Number.isFinite(time); i++) time = neighbourTime(columns, time, direction) ?? time;
    this.#place = { time: Math.max(time, inspected.scene.pane.from) };
  }

  #render(found: Inspection | undefined, pane: Pane | undefined): void {
    const layer = this.#host.renderRoot.querySelector<HTMLElement>('.crosshair');
    if (!layer) return;
    layer.classList.toggle('on', !!found);
    const region = layer.parentElement!;
    region.setAttribute('aria-valuetext', found ? spoken(found) : FOLLOWING);
    if (!found || !pane) return;
    const { x, spots, title } = found;
    render(
      html`<i class="hair"></i>
        ${spots.map(({ index }) => html`<i class="dot ${seriesClass(index)}"></i>`)}
        <div class="tip" part="tooltip">
          <time>${title}</time>
          ${spots.map(
            ({ index, label, value }) =>
              html`<span
                ><i class="swatch ${seriesClass(index)}"></i><span class="label">${label}</span> <b>${value}</b></span
              > `,
          )}
        </div>`,
      layer,
    );
    // Through the object model: a strict content security policy forbids style attributes.
    const side = x > (pane.left + pane.right) / 2 ? `${x - 12}px) translateX(-100%` : `${x + 12}px`;
    const hair = layer.querySelector<HTMLElement>('.hair')!.style;
    hair.transform = `translateX(${Math.round(x)}px)`;
    hair.blockSize = `${pane.bottom}px`;
    layer.querySelector<HTMLElement>('.tip')!.style.transform = `translateX(${side})`;
    layer.querySelectorAll<HTMLElement>('.dot').forEach((dot, i) => {
      dot.style.transform = `translate(${spots[i]!.x}px, ${spots[i]!.y}px)`;
    });
  }
}

function spoken({ title, spots }: Inspection): string {
  return [title, ...spots.map(({ label, value }) => `${label} ${value}`)].join(', ');
}
