import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Diagnostics } from '@quantumflux/sdk';
import { define } from '../base/define.ts';
import { FluxElement } from '../base/element.ts';
import { theme } from '../base/theme.styles.ts';
import { clientsOfPage } from './clients.ts';
import { styles } from './debug.styles.ts';
import { cellsOf, columns, complaintOf, measuresOf, stateInWords } from './in-words.ts';

/** How often it looks, in ms. */
const LOOK_MS = 500;

/**
 * Tells how the connections of a page and what is watched over them do: states with their reasons, rates, how late points
 * come, what was left out. It is there when the address of the page has `qf-debug`. Escape closes it.
 *
 * @tag quantumflux-debug
 *
 * @csspart frame - Everything.
 * @csspart close - The button that closes it.
 *
 * @cssproperty --qf-text - Colour of values.
 * @cssproperty --qf-muted - Colour of their names.
 * @cssproperty --qf-grid - Colour of hairlines.
 * @cssproperty --qf-surface - Background.
 * @cssproperty --qf-danger - Colour of what went wrong.
 * @cssproperty --qf-font-size - Size of letters.
 */
export class QuantumFluxDebug extends FluxElement {
  static override styles = [theme, styles];

  /** `light`, `dark` or `system`. Default: as the page, by its CSS property `color-scheme`. */
  @property({ reflect: true, useDefault: true }) theme: 'light' | 'dark' | 'system' | '' = '';

  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => document.hidden || this.requestUpdate(), LOOK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override render(): TemplateResult {
    const all = clientsOfPage().map((client) => client.diagnostics());
    return html`<div
      class="frame"
      part="frame"
      role="region"
      aria-label="QuantumFlux diagnostics"
      tabindex="0"
      @keydown=${this.#onKeyDown}
    >
      <header>
        QuantumFlux
        <button type="button" part="close" aria-label="Close" @click=${this.#close}>✕</button>
      </header>
      ${all.length === 0 ? html`<section><p>No widget of this page has a client.</p></section>` : nothing}
      ${all.map((each, i) => this.#renderClient(each, all.length > 1 ? `Connection ${i + 1}: ` : ''))}
    </div>`;
  }

  #renderClient(diagnostics: Diagnostics, name: string): TemplateResult {
    const { connection, streams } = diagnostics;
    const complaint = complaintOf(connection);
    return html`<section>
      <h3>${name}${stateInWords(connection, Date.now())}</h3>
      ${complaint ? html`<p class="complaint">${complaint}</p>` : nothing}
      <dl>
        ${measuresOf(diagnostics).map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      <div class="scroll" tabindex="0" role="group" aria-label="What is watched">
        <table>
          <caption>
            What is watched
          </caption>
          <thead>
            <tr>
              <th scope="col">Selector</th>
              ${columns.map((column) => html`<th scope="col">${column}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${streams.map(
              (stream) =>
                html`<tr>
                  <th scope="row">${stream.selector}</th>
                  ${cellsOf(stream).map((cell) => html`<td>${cell}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  readonly #onKeyDown = ({ key }: KeyboardEvent): void => {
    if (key === 'Escape') this.#close();
  };

  readonly #close = (): void => this.remove();
}

define('quantumflux-debug', QuantumFluxDebug);

// A server that renders pages imports us too.
if (globalThis.location && new URLSearchParams(location.search).has('qf-debug')) {
  document.body.append(document.createElement('quantumflux-debug'));
}

declare global {
  interface HTMLElementTagNameMap {
    'quantumflux-debug': QuantumFluxDebug;
  }
}
