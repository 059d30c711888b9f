import { LitElement } from 'lit';

type DetailOf<Name extends keyof HTMLElementEventMap> =
  HTMLElementEventMap[Name] extends CustomEvent<infer Detail> ? Detail : never;

/** What all our elements have in common. */
export class FluxElement extends LitElement {
  /** Sends one of our events; it bubbles out of every shadow root. */
  protected emit<Name extends keyof HTMLElementEventMap>(name: Name, detail: DetailOf<Name>): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
