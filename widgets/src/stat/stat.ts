import { html, type TemplateResult } from 'lit';
import type { LiveSeries } from '../base/client.ts';
import { define } from '../base/define.ts';
import { LiveElement } from '../base/live-element.ts';
import { noticeStyles } from '../base/notice.styles.ts';
import { badge, notice } from '../base/notice.ts';
import { theme } from '../base/theme.styles.ts';
import { formatParts } from '../plot/unit.ts';
import { changeInWords } from './change.ts';
import { styles } from './stat.styles.ts';

/**
 * The newest value of one stream, big, with its change since the start of the window and a sparkline.
 *
 * @tag quantumflux-stat
 *
 * @slot empty - Shown instead of our words while there are no points.
 *
 * @csspart frame - Everything.
 * @csspart heading - What the number is; default: the selector.
 * @csspart value - The number and its unit.
 * @csspart delta - The change since the start of the window.
 * @csspart canvas - The sparkline.
 * @csspart badge - Says that the number is not fresh.
 * @csspart skeleton - Shown while the first points are on their way.
 * @csspart empty - Shown while there are no points.
 * @csspart error - Shown when something is wrong.
 *
 * @cssproperty --qf-text - Colour of the number.
 * @cssproperty --qf-muted - Colour of everything beside it.
 * @cssproperty --qf-series-1 - Colour of the sparkline.
 * @cssproperty --qf-font-size - Size of the small letters; the number is two and a half times as large.
 */
export class QuantumFluxStat extends LiveElement {
  static override styles = [theme, noticeStyles, styles];

  /** How the sparkline is drawn. */
  protected readonly kind = 'area';
  protected override readonly hasAxes = false;

  /** The same for all, so that they share. Nobody reads more numbers in a second. */
  protected override detail() {
    return { width: 250, maxHz: 5 };
  }

  protected override mistakeOf({ length }: readonly LiveSeries[]): string | undefined {
    if (length < 2) return undefined;
    return `This selector picks ${length} streams, and a number can be of one only. Name a tag: ${this.stream}{name="value"}.`;
  }

  protected override renderBody(): TemplateResult {
    return html`<div class="body ${this.staleSince === null ? '' : 'stale'}">
      <div class="heading" part="heading">${this.heading || this.stream}</div>
      ${this.#renderNumber()}
      <div class="plot"><canvas part="canvas" aria-hidden="true"></canvas></div>
      ${notice(this.view)}
    </div>`;
  }

  /** Its lines are there before their words, so that nothing moves when those come. */
  #renderNumber(): TemplateResult {
    const { digits, suffix, change } = this.#words();
    return html`<div class="value" part="value">${digits}<span class="suffix">${suffix}</span></div>
      ${this.staleSince === null ? html`<div class="delta" part="delta">${change}</div>` : badge(this.view)}`;
  }

  #words(): { digits: string; suffix: string; change: string } {
    const [named] = this.named;
    if (this.view.is !== 'picture' || !named || !this.settings) return { digits: '', suffix: '', change: '' };
    const { series, unit } = named;
    const [digits, suffix] = formatParts(series.values[series.length - 1]!, unit);
    const change = changeInWords(series, { span: this.settings.span, now: this.live.now(), unit });
    return { digits, suffix, change };
  }
}

define('quantumflux-stat', QuantumFluxStat);

declare global {
  interface HTMLElementTagNameMap {
    'quantumflux-stat': QuantumFluxStat;
  }
}
