import { ContextEvent } from '@lit/context';
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import {
  clientContext,
  type LiveClient,
  type LiveSource,
  type LiveUpdate,
  refusingClient,
  type Stop,
} from './client.ts';

/** What to watch: a selector, how far back, for how many pixels, and how often points may come, in Hz. */
export type Subject = {
  readonly stream: string;
  readonly from: string;
  readonly width: number;
  readonly maxHz: number;
};

/** What happened to what is shown: so many points were left out, or, with 0, it was loaded anew. By the server's clock. */
export type Lapse = { readonly points: number; readonly at: number };

type Host = ReactiveControllerHost & HTMLElement & { readonly renderRoot: DocumentFragment | HTMLElement };

/** How long an element is out of sight before it stops watching, in ms: who scrolls or looks away often comes back soon. */
const PATIENCE_MS = 4_000;

/** Who was away for longer gets history, thinned, instead of all that was missed, in ms. */
const RESUMABLE_MS = 60_000;

const noClient = refusingClient(
  'No server is named here. Put this tag into <quantumflux-provider url="…" key="…">, or load quantumflux.js from your server.',
);

const connecting: LiveUpdate = { series: [], state: { is: 'connecting' } };

/** Finds the client and watches a stream while its element can be seen. */
export class LiveController implements ReactiveController {
  /** Whether somebody listens who need not see it. */
  isHeard = false;
  readonly #host: Host;
  readonly #subject: () => Subject | undefined;
  readonly #onUpdate: () => void;
  #client = noClient;
  #forgetClient: Stop | undefined;
  #observer: IntersectionObserver | undefined;
  #isNear = false;
  #isAwake = false;
  #sleptAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: Subject | undefined;
  #source: LiveSource | undefined;
  /** The one that told the last update. */
  #told: LiveSource | undefined;
  /** Ends the watching of what is shown, and of what will be shown instead as soon as it has something. */
  #shown: Stop | undefined;
  #next: Stop | undefined;
  #last = connecting;
  #lapse: Lapse | undefined;

  /** `onUpdate`: points came, or something else changed; `last` tells what there is now. */
  constructor(host: Host, subject: () => Subject | undefined, onUpdate: () => void) {
    this.#host = host;
    this.#subject = subject;
    this.#onUpdate = onUpdate;
    host.addController(this);
  }

  /** What the stream said last. */
  get last(): LiveUpdate {
    return this.#last;
  }

  get lapse(): Lapse | undefined {
    return this.#lapse;
  }

  /** The server's clock; the local one while there is no server. */
  now(): number {
    return this.#client.now();
  }

  hostConnected(): void {
    document.addEventListener('context-provider', this.#onProvider);
    document.addEventListener('visibilitychange', this.#look);
    this.#ask();
    this.#host.requestUpdate();
  }

  hostUpdate(): void {
    if (!this.#isAwake) return;
    const subject = this.#subject();
    if (JSON.stringify(subject) !== JSON.stringify(this.#asked)) this.#change(subject);
    else if (!this.#shown && !this.#next) this.#watch({ isNew: Date.now() - this.#sleptAt > RESUMABLE_MS });
  }

  hostUpdated(): void {
    if (this.#observer || !this.#host.isConnected) return;
    // A little ahead, so that scrolling does not come upon empty charts.
    this.#observer = new IntersectionObserver(
      (entries) => {
        this.#isNear = entries.at(-1)!.isIntersecting;
        this.#look();
      },
      { rootMargin: '25%' },
    );
    this.#observer.observe(this.#host.renderRoot.firstElementChild!);
  }

  hostDisconnected(): void {
    document.removeEventListener('context-provider', this.#onProvider);
    document.removeEventListener('visibilitychange', this.#look);
    this.#observer?.disconnect();
    this.#observer = undefined;
    this.#isNear = false;
    this.#sleep();
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
    this.#forget();
    this.#host.requestUpdate();
  };

  readonly #look = (): void => {
    clearTimeout(this.#timer);
    if (!(this.#isNear || this.isHeard) || document.hidden) {
      this.#timer = setTimeout(() => this.#sleep(), PATIENCE_MS);
    } else if (!this.#isAwake) {
      this.#isAwake = true;
      this.#host.requestUpdate();
    }
  };

  /** What was shown stays, and when somebody looks again it goes on from there. */
  #sleep(): void {
    clearTimeout(this.#timer);
    if (this.#isAwake) this.#sleptAt = Date.now();
    this.#isAwake = false;
    this.#unwatch();
  }

  /** The same streams in another way replace what is shown as soon as they are there; others at once. */
  #change(subject: Subject | undefined): void {
    if (subject?.stream !== this.#asked?.stream) this.#forget();
    this.#asked = subject;
    if (subject) this.#watch({ isNew: true });
    else this.#unwatch();
  }

  #find({ stream, ...options }: Subject): LiveSource {
    const asked = { ...options, wait: true } as const;
    try {
      return this.#client.stream(stream, asked);
    } catch (error) {
      return refusingClient(error instanceof Error ? error.message : String(error)).stream(stream, asked);
    }
  }

  /** `isNew`: from history; otherwise from where it was. */
  #watch({ isNew }: { isNew: boolean }): void {
    if (!this.#asked) return;
    if (isNew) this.#source = this.#find(this.#asked);
    this.#next?.();
    this.#next = undefined;
    let isShown = false;
    const source = this.#source;
    const stop = source?.watch((update) => {
      if (!isShown) {
        if (update.state.is === 'connecting' && this.#last.series.length > 0) return;
        isShown = true;
        this.#shown?.();
        this.#shown = this.#next;
        this.#next = undefined;
        // History has what was left out.
        if (source !== this.#told) this.#lapse = undefined;
        this.#told = source;
      }
      this.#say(update);
    });
    if (isShown) this.#shown = stop;
    else this.#next = stop;
  }

  #unwatch(): void {
    this.#shown?.();
    this.#next?.();
    this.#shown = this.#next = undefined;
  }

  #forget(): void {
    this.#unwatch();
    this.#asked = this.#source = undefined;
    this.#last = connecting;
  }

  #say(update: LiveUpdate): void {
    this.#last = update;
    const { resync, skipped = 0 } = update;
    const before = resync ? 0 : (this.#lapse?.points ?? 0);
    if (resync || skipped > 0) this.#lapse = { points: before + skipped, at: this.now() };
    this.#onUpdate();
  }
}
