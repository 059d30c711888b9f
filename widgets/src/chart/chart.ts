import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { define } from '../base/define.ts';
import { LiveElement } from '../base/live-element.ts';
import { newestText } from '../base/named-series.ts';
import { noticeStyles } from '../base/notice.styles.ts';
import { badge, notice } from '../base/notice.ts';
import type { Settings } from '../base/settings.ts';
import { theme } from '../base/theme.styles.ts';
import { Throttle } from '../base/throttle.ts';
import { lapseInWords, spanInWords } from '../base/words.ts';
import { styles } from './chart.styles.ts';
import { Crosshair } from './crosshair.ts';
import { detailFor } from './detail.ts';
import { legend } from './legend.ts';
import { narrate } from './narration.ts';
import { newestRows, table } from './table.ts';

/** How often the table changes, at most, in ms. */
const TABLE_MS = 500;
/** Newest points per stream in it. As long as nobody looks at it, a screen reader gets a short one that costs little. */
const ROWS = 50;
const UNSEEN_ROWS = 10;
const NARRATION_MS = 15_000;
/** How long it is worth a word that everything was loaded anew, in ms. */
const RELOADED_MS = 15_000;

export type InspectDetail = {
  /** The moment under the crosshair, in ms since the epoch; null when there is none any more. */
  time: number | null;
};

/**
 * Draws one or many streams over time and keeps up with them.
 *
 * Arrow keys read point by point (with Shift ten at a time), Home and End go to the ends, Escape leaves, T shows the
 * same points as a table.
 *
 * @tag quantumflux-chart
 *
 * @fires {CustomEvent<InspectDetail>} flux-inspect - The user moved the crosshair to another moment.
 *
 * @slot empty - Shown instead of our words while there are no points.
 *
 * @csspart frame - Everything.
 * @csspart header - Heading, badge and button.
 * @csspart heading - The heading.
 * @csspart badge - Says that the picture is not fresh.
 * @csspart table-button - Shows and hides the table.
 * @csspart legend - Colours, names and newest values.
 * @csspart canvas - The drawing surface.
 * @csspart tooltip - Values at the crosshair.
 * @csspart table - The points as numbers.
 * @csspart skeleton - Shown while the first points are on their way.
 * @csspart empty - Shown while there are no points.
 * @csspart error - Shown when something is wrong.
 *
 * @cssproperty --qf-text - Colour of what is read first.
 * @cssproperty --qf-muted - Colour of what stands back: labels and axes.
 * @cssproperty --qf-grid - Colour of hairlines.
 * @cssproperty --qf-surface - Background of the crosshair's text and the table's head.
 * @cssproperty --qf-warning - Colour of the badge.
 * @cssproperty --qf-danger - Colour of the mark beside an error.
 * @cssproperty --qf-series-1 - Colour of the first series; up to `--qf-series-8`.
 * @cssproperty --qf-font-size - Size of letters.
 */
export class QuantumFluxChart extends LiveElement {
  static override styles = [theme, noticeStyles, styles];

  /** How points become a picture: `line` or `area`. */
  @property() kind: 'line' | 'area' = 'line';

  /** Lower end of the value axis. Default: follows the values. */
  @property({ type: Number }) min: number | null = null;

  /** Upper end of the value axis. Default: follows the values. */
  @property({ type: Number }) max: number | null = null;

  /** `none` leaves the legend out. */
  @property() legend: 'auto' | 'none' = 'auto';

  /** Tells the newest values to assistive technology every now and then, also without focus. */
  @property({ type: Boolean }) narrate = false;

  /** Shows the points as a table instead of the picture. */
  @property({ type: Boolean, reflect: true }) table = false;

  #detail = { width: 0, maxHz: 0 };
  #table: TemplateResult | typeof nothing = nothing;
  #spoken = '';

  readonly #crosshair = new Crosshair(this, {
    inspected: () => this.plot.scene && { scene: this.plot.scene, all: this.named },
    onInspect: (time) => this.emit('flux-inspect', { time }),
  });
  readonly #tableRows = new Throttle(this, () => {
    this.#renderTable();
    this.requestUpdate();
  });
  readonly #narration = new Throttle(this, () => this.#speak());

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has('table')) this.#renderTable();
    this.live.isHeard = this.narrate;
  }

  protected override detail({ span }: Settings) {
    return (this.#detail = detailFor(this.plot.width, span, this.#detail.width));
  }

  protected override renderBody(): TemplateResult {
    const { view, named } = this;
    const isPicture = view.is === 'picture';
    const isTable = isPicture && this.table;

    return html`<div class="body ${this.staleSince === null ? '' : 'stale'}" @keydown=${this.#onKeyDown}>
        <header part="header">
          ${this.heading ? html`<div class="heading" part="heading">${this.heading}</div>` : nothing}
          ${badge(view, this.#news)}
          <button
            type="button"
            class=${isPicture ? '' : 'off'}
            part="table-button"
            aria-pressed=${this.table}
            @click=${this.#toggleTable}
          >
            Table
          </button>
        </header>
        ${this.legend === 'none' ? nothing : legend(isPicture ? named.map(newestText) : [], this.#legendRoom)}
        <div class="plot" ?hidden=${isTable}>${this.#renderRegion(isPicture)} ${notice(view)}</div>
        <div
          class=${isTable ? 'twin' : 'unseen'}
          role="region"
          aria-label="${this.#name}, as a table"
          tabindex=${isTable ? 0 : nothing}
        >
          ${this.#table}
        </div>
      </div>
      <div class="unseen" role="status">${this.#spoken}</div>`;
  }

  #renderRegion(isPicture: boolean): TemplateResult {
    const { onPointerMove, onKeyDown, clear } = this.#crosshair;
    return html`<div
      class="region ${isPicture ? '' : 'off'}"
      role="slider"
      tabindex="0"
      aria-roledescription="chart"
      aria-label=${this.#name}
      aria-valuemin=${-(this.settings?.span ?? 0) / 1_000}
      aria-valuemax="0"
      aria-valuenow="0"
      @pointermove=${onPointerMove}
      @pointerleave=${clear}
      @blur=${clear}
      @keydown=${onKeyDown}
    >
      <canvas part="canvas"></canvas>
      <div class="crosshair" aria-hidden="true"></div>
    </div>`;
  }

  /** Made now and then and shown as it is in between: there may be many rows, and often nobody sees them. */
  #renderTable(): void {
    this.#table = table(newestRows(this.named, this.table ? ROWS : UNSEEN_ROWS), {
      caption: [`Newest points of ${this.heading || this.stream}`, this.#thinning, this.#news]
        .filter(Boolean)
        .join('. '),
      span: this.settings?.span ?? 0,
    });
  }

  /** What happened to the points in sight, if anything: what is missing is said as long as it would be in sight. */
  get #news(): string {
    const { lapse } = this.live;
    const span = this.settings?.span ?? 0;
    if (!lapse || this.live.now() - lapse.at > (lapse.points > 0 ? span : RELOADED_MS)) return '';
    return lapseInWords(lapse, span);
  }

  /** Which points the table has not, where there are more than the picture can show. */
  get #thinning(): string {
    const intervalMs = this.live.last.conflation?.intervalMs ?? 0;
    const isDense = this.named.some(
      ({ series: { times, length } }) => times[length - 1]! - times[length - 2]! < intervalMs,
    );
    return isDense ? `Of each ${spanInWords(intervalMs)} the lowest and the highest` : '';
  }

  get #name(): string {
    return `${this.heading || this.stream}, last ${spanInWords(this.settings?.span ?? 0)}`;
  }

  /** How many series the legend names. */
  get #legendRoom(): number {
    return (this.plot.scene?.pane.right ?? Infinity) < 400 ? 4 : 8;
  }

  protected override onDraw(): void {
    super.onDraw();
    this.#crosshair.draw();
    // Resized: another width may be asked for.
    if (this.settings && this.#detail.width !== this.detail(this.settings).width) this.requestUpdate();
  }

  protected override onNumbers(): void {
    super.onNumbers();
    this.#tableRows.request(TABLE_MS);
    if (this.narrate || this.matches(':focus-within')) this.#narration.request(NARRATION_MS);
  }

  #speak(): void {
    if (this.view.is !== 'picture' || !this.settings) return;
    const words = () => `${narrate(this.named, { span: this.settings!.span, now: this.live.now() })} ${this.#news}`;
    this.#spoken = this.staleSince === null ? words().trim() : 'Reconnecting…';
    this.requestUpdate();
  }

  readonly #onKeyDown = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): void => {
    if (key.toLowerCase() === 't' && !ctrlKey && !metaKey && !altKey) void this.#toggleTable();
  };

  readonly #toggleTable = async (): Promise<void> => {
    const wasInside = this.renderRoot.querySelector('.region:focus, .twin:focus');
    this.table = !this.table;
    await this.updateComplete;
    // Whoever was in the one is now in the other.
    if (wasInside) this.renderRoot.querySelector<HTMLElement>(this.table ? '.twin' : '.region')?.focus();
  };
}

define('quantumflux-chart', QuantumFluxChart);

declare global {
  interface HTMLElementTagNameMap {
    'quantumflux-chart': QuantumFluxChart;
  }
  interface HTMLElementEventMap {
    'flux-inspect': CustomEvent<InspectDetail>;
  }
}
