import { html, type PropertyValues, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { LiveSeries, LiveUpdate } from './client.ts';
import { FluxElement } from './element.ts';
import { LiveController } from './live-controller.ts';
import { commonUnit, type NamedSeries, nameSeries } from './named-series.ts';
import { type Drawing, PlotController } from './plot-controller.ts';
import { type Mistake, readSettings, type Settings } from './settings.ts';
import { Throttle } from './throttle.ts';
import { type View, viewOf } from './view.ts';

/** How often, at most, numbers change, in ms: a reader must be able to read them. */
const NUMBERS_MS = 250;
/** The badge of what is not fresh counts seconds; what was late for less than one is not worth a word. */
const BADGE_MS = 1_000;

/** An element that shows streams as a picture: attributes, states and the canvas. What stands around it is its own. */
export abstract class LiveElement extends FluxElement {
  /** Selector of the streams to show: `host.cpu.load`, `host.network.*`, `http.latency{region="eu"}`. */
  @property() stream = '';

  /** How far back the picture goes: `30s`, `15m`, `1h30m`. */
  @property() window = '5m';

  /** What stands above it, and what assistive technology calls it. */
  @property() heading = '';

  /** Unit of the values, instead of the one that the stream has: `percent`, `bytes`, `ms`, … */
  @property() unit = '';

  /** `light`, `dark` or `system`. Default: as the page, by its CSS property `color-scheme`. */
  @property({ reflect: true, useDefault: true }) theme: 'light' | 'dark' | 'system' | '' = '';

  /** What the attributes mean; undefined while one of them is wrong. */
  protected settings: Settings | undefined;
  protected view: View = { is: 'loading' };
  protected named: readonly NamedSeries[] = [];
  protected readonly hasAxes: boolean = true;

  protected readonly live = new LiveController(
    this,
    () => this.settings && { stream: this.settings.stream, from: this.settings.from, ...this.detail(this.settings) },
    () => this.onPoints(),
  );
  protected readonly plot = new PlotController(
    this,
    () => this.#drawing(),
    () => this.onDraw(),
  );
  protected readonly numbers = new Throttle(this, () => this.requestUpdate());

  #mistake: string | undefined;
  #shown: LiveUpdate = this.live.last;

  /** For how many pixels points are asked for, and how often they may come, in Hz. */
  protected abstract detail(settings: Settings): { readonly width: number; readonly maxHz: number };

  /** What is wrong with the streams that were found, if anything. */
  protected mistakeOf(_series: readonly LiveSeries[]): string | undefined {
    return undefined;
  }

  /** Points came, or the state changed. */
  protected onPoints(): void {
    const { series, state } = this.live.last;
    if (series !== this.#shown.series || state.is !== this.#shown.state.is) this.requestUpdate();
    this.plot.refresh();
    // What comes first must not wait because there was nothing before it.
    if (series.length > 0) this.onNumbers();
  }

  /** There may be other numbers. */
  protected onNumbers(): void {
    this.numbers.request(NUMBERS_MS);
  }

  protected onDraw(): void {
    // The last point has left the window.
    if (this.plot.scene?.traces.every(({ points }) => points === 0)) this.numbers.request(NUMBERS_MS);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const read: Settings | Mistake = readSettings(this);
    this.settings = 'mistake' in read ? undefined : read;
    this.#mistake = 'mistake' in read ? read.mistake : undefined;
    if (changed.has('stream') || changed.has('window') || changed.has('unit')) this.plot.reset();
  }

  protected override update(changed: PropertyValues): void {
    const { last } = this.live;
    const { series, state } = last;
    this.#shown = last;
    this.named = nameSeries(series, this.unit);
    const span = this.settings?.span ?? 0;
    const staleSince = state.is === 'stale' && Date.now() - state.since >= BADGE_MS ? state.since : null;
    const from = this.#edge(staleSince) - span;
    const mistake = this.#mistake ?? this.mistakeOf(series);
    this.view = viewOf({ mistake, update: last, staleSince, stream: this.stream, span, from });
    super.update(changed);
  }

  /** What is in the frame. */
  protected abstract renderBody(): TemplateResult;

  protected override render(): TemplateResult {
    return html`<div class="box">
      <div class="frame" part="frame" aria-busy=${this.view.is === 'loading'}>
        <div class="probe" @transitionend=${this.plot.repaint}></div>
        ${this.renderBody()}
      </div>
    </div>`;
  }

  protected override updated(_changed: PropertyValues): void {
    if (this.#shown.state.is === 'stale') this.numbers.request(BADGE_MS);
  }

  /** Since when the picture is not fresh, in local ms; null when it is. */
  protected get staleSince(): number | null {
    return this.view.is === 'picture' ? this.view.staleSince : null;
  }

  #drawing(): Drawing | undefined {
    if (this.view.is !== 'picture' || !this.settings) return undefined;
    const { span, kind, min, max } = this.settings;
    const { staleSince } = this;
    const now = () => this.#edge(staleSince);
    const fixed = { span, kind, min, max, axes: this.hasAxes, unit: commonUnit(this.named) };
    return { ...fixed, series: this.#shown.series, now, follow: staleSince === null };
  }

  /** The right edge of the picture, by the server's clock. What is stale stays where it was. */
  #edge(staleSince: number | null): number {
    return this.live.now() - (staleSince === null ? 0 : Date.now() - staleSince);
  }
}
