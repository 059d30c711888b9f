import { ContextEvent } from '@lit/context';
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { clientContext, type LiveClient, type LiveUpdate, refusingClient, type Stop } from './client.ts';

/** What to watch: a selector, how far back, and for how many pixels (default: what the server thinks). */
export type Subject = { readonly stream: string; readonly from: string; readonly width?: number };

const noClient = refusingClient(
  'No server is named here. Put this tag into <quantumflux-provider url="…" key="…">, or load quantumflux.js from your server.',
);

const connecting: LiveUpdate = { series: [], state: { is: 'connecting' } };

/** Finds the client and watches a stream while its element is on the page. */
export class LiveController implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #subject: () => Subject | undefined;
  readonly #onUpdate: () => void;
  #client = noClient;
  #forgetClient: Stop | undefined;
  #watched = '';
  #stop: Stop | undefined;
  #last = connecting;

  /** `onUpdate`: points came, or something else changed; `last` tells what there is now. */
  constructor(host: ReactiveControllerHost & HTMLElement, subject: () => Subject | undefined, onUpdate: () => void) {
    this.#host = host;
    this.#subject = subject;
    this.#onUpdate = onUpdate;
    host.addController(this);
  }

  /** What the stream said last. */
  get last(): LiveUpdate {
    return this.#last;
  }

  /** The server's clock; the local one while there is no server. */
  now(): number {
    return this.#client.now();
  }

  hostConnected(): void {
    document.addEventListener('context-provider', this.#onProvider);
    this.#ask();
    this.#host.requestUpdate();
  }

  hostUpdate(): void {
    if (!this.#host.isConnected) return;
    const subject = this.#subject();
    const wanted = JSON.stringify(subject) ?? '';
    if (wanted === this.#watched) return;
    this.#unwatch();
    if (subject) this.#watch(subject);
    this.#watched = wanted;
  }

  hostDisconnected(): void {
    document.removeEventListener('context-provider', this.#onProvider);
    this.#forgetClient?.();
    this.#takeClient(noClient);
  }

  // A provider that comes to life after us has not heard our question.
  readonly #onProvider = (event: Event): void => {
    if ('context' in event && event.context === clientContext) this.#ask();
  };

  #ask(): void {
    this.#host.dispatchEvent(new ContextEvent(clientContext, this.#host, this.#takeClient, true));
  }

  readonly #takeClient = (client: LiveClient, forget?: Stop): void => {
    if (forget !== this.#forgetClient) this.#forgetClient?.();
    this.#forgetClient = forget;
    if (client === this.#client) return;
    this.#client = client;
    this.#unwatch();
    this.#host.requestUpdate();
  };

  #watch({ stream, ...options }: Subject): void {
    try {
      this.#stop = this.#client.stream(stream, { ...options, wait: true }).watch((update) => this.#say(update));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#say({ series: [], state: { is: 'error', error: { message } } });
    }
  }

  #unwatch(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#watched = '';
    this.#last = connecting;
  }

  #say(update: LiveUpdate): void {
    this.#last = update;
    this.#onUpdate();
  }
}
