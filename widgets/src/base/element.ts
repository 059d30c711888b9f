import { LitElement } from 'lit';

type DetailOf<Name extends keyof HTMLElementEventMap> =
  HTMLElementEventMap[Name] extends CustomEvent<infer Detail> ? Detail : never;

/** What all our elements have in common. */
export class FluxElement extends LitElement {
  /** Sends one of our events; it bubbles out of every shadow root. */
  protected emit<Name extends keyof HTMLElementEventMap>(name: Name, detail: DetailOf<Name>): void {
    // Named before it is sent: of an event made in the call the manifest's analyzer takes `name` for its name.
    const event = new CustomEvent(name, { detail, bubbles: true, composed: true });
    this.dispatchEvent(event);
  }
}
