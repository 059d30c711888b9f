import { ContextProvider } from '@lit/context';
import { connect } from '@quantumflux/sdk';
import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { clientContext, type LiveClient, refusingClient, type Stop } from '../base/client.ts';
import { define } from '../base/define.ts';
import { FluxElement } from '../base/element.ts';

/**
 * Says which server everything inside of it draws from. What is wrong with its attributes is said by the widgets inside.
 *
 * @tag quantumflux-provider
 *
 * @slot - Widgets, at any depth.
 */
export class QuantumFluxProvider extends FluxElement {
  static override styles = css`
    :host {
      display: contents;
    }
  `;

  /** Where the server is: `https://flux.example.com`. Default: where the page is from. */
  @property() url = '';

  /** A publishable key: `qf_pk_…`. */
  @property() key = '';

  /** Brings a fresh embed token from your own server; instead of a key. */
  @property({ attribute: false }) getToken: (() => Promise<string>) | undefined;

  /** A client that you made yourself; instead of all others. It stays yours: we do not close it. */
  @property({ attribute: false }) client: LiveClient | undefined;

  readonly #context = new ContextProvider(this, { context: clientContext });
  #close: Stop | undefined;

  override connectedCallback(): void {
    // Before anybody inside asks.
    if (!this.#close) this.#provide();
    super.connectedCallback();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // Moving in the page is leaving and coming back at once: the connection survives it.
    queueMicrotask(() => {
      if (!this.isConnected) this.#end();
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.hasUpdated || changed.has('client') || changed.has('getToken')) this.#provide();
  }

  protected override render(): TemplateResult {
    return html`<slot></slot>`;
  }

  #provide(): void {
    this.#end();
    const { client, close } = this.#make();
    this.#close = close;
    this.#context.setValue(client);
  }

  #make(): { client: LiveClient; close: Stop } {
    const { url, key, getToken, client } = this;
    const nothing = () => {};
    if (client) return { client, close: nothing };
    if (/^qf_(sk|ik)_/.test(key)) {
      const sentence =
        'This key is secret, and everybody can read it here. Replace it, and write a publishable key (qf_pk_…).';
      return { client: refusingClient(sentence), close: nothing };
    }
    try {
      const made = connect({ ...(url && { url }), ...(getToken ? { getToken } : key && { key }) });
      return { client: made, close: () => made.close() };
    } catch (error) {
      return { client: refusingClient(error instanceof Error ? error.message : String(error)), close: nothing };
    }
  }

  #end(): void {
    this.#close?.();
    this.#close = undefined;
  }
}

define('quantumflux-provider', QuantumFluxProvider);

declare global {
  interface HTMLElementTagNameMap {
    'quantumflux-provider': QuantumFluxProvider;
  }
}
