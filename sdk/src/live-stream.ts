import type { BackoffOptions } from './backoff.ts';
import { follow, type Phase } from './follow.ts';
import type { Lease } from './lease.ts';
import { liveStateOf, type LiveState, type LiveUpdate } from './live-state.ts';
import type { Tell } from './events.ts';
import type { Stop, WholeStreamOptions } from './options.ts';
import type { ResyncReason } from './protocol/index.ts';
import { Reader } from './reader.ts';
import type { Series } from './series.ts';
import { StreamStats } from './stream-stats.ts';
import { tellOne, Watchers } from './watchers.ts';

/** What a live stream stands on. */
export type LivePorts = {
  connection: Lease;
  reconnect: BackoffOptions;
  lingerMs: number;
  /** Tells those who listen to the client. */
  tell: Tell;
  /** Somebody watches, for the first time or again. */
  onStart: () => void;
  /** The last watcher left, and the linger is over. */
  onEnd: () => void;
};

/** A live copy of all streams that a selector picks, shared by everyone who watches it. Made by `client.stream()`. */
export class LiveStream {
  readonly selector: string;
  /** For `client.diagnostics()`. */
  readonly stats = new StreamStats();
  readonly #options: WholeStreamOptions;
  readonly #ports: LivePorts;
  readonly #reader: Reader;
  readonly #watchers = new Watchers<LiveUpdate>();
  #state: LiveState = { is: 'connecting', attempt: 0, since: Date.now() };
  #stop: Stop | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;

  constructor(selector: string, options: WholeStreamOptions, ports: LivePorts) {
    this.selector = selector;
    this.#options = options;
    this.#ports = ports;
    this.#reader = new Reader(options.capacity);
  }

  /** One per stream that matches, in the order of the server; those that come later at the end. */
  get series(): readonly Series[] {
    return this.#reader.series;
  }

  get state(): LiveState {
    return this.#state;
  }

  /**
   * Calls back now with what is there, and then after changes, at most once per animation frame (without a page: per
   * turn of the event loop). The first watcher connects; the last one to leave ends the subscription after a while, and
   * whoever watches after that goes on from there.
   */
  watch(onUpdate: (update: LiveUpdate) => void): Stop {
    clearTimeout(this.#linger);
    const leave = this.#watchers.add(onUpdate);
    if (!this.#stop) this.#start();
    tellOne(onUpdate, this.#update());
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      leave();
      if (this.#watchers.size === 0) this.#endLater();
    };
  }

  #start(): void {
    this.#ports.onStart();
    const { from, width, wait, maxHz } = this.#options;
    const request = { selector: this.selector, from, width, wait, ...(maxHz !== null && { maxHz }) };
    this.#stop = follow({ ...this.#ports, reader: this.#reader, stats: this.stats, request }, (phase, resync) =>
      this.#onChange(phase, resync),
    );
  }

  #onChange(phase: Phase, resync?: ResyncReason): void {
    const hasHistory = this.#reader.position !== undefined;
    this.#state = liveStateOf(phase, this.#state, { hasHistory, now: Date.now() });
    if (this.#ports.connection.state.is === 'closed') return this.#hush();
    // Nobody may see a point of the new history before knowing that it is new.
    if (resync) this.#watchers.tell({ ...this.#news(), resync });
    else this.#watchers.tellSoon(() => this.#news());
    if (resync) this.#ports.tell('resync', { selector: this.selector, reason: resync });
  }

  #news(): LiveUpdate {
    const skipped = this.#reader.takeSkipped();
    this.stats.skipped += skipped;
    if (skipped > 0) this.#ports.tell('skipped', { selector: this.selector, points: skipped });
    return this.#update(skipped);
  }

  #update(skipped = 0): LiveUpdate {
    const { series, intervalMs, conflation } = this.#reader;
    return { series, state: this.#state, intervalMs, conflation, skipped };
  }

  /** Leaving a page and coming back costs nothing; what was refused may be asked anew at once. */
  #endLater(): void {
    if (this.#state.is === 'error') return this.#end();
    this.#linger = setTimeout(() => this.#end(), this.#ports.lingerMs);
    unref(this.#linger);
  }

  #hush(): void {
    clearTimeout(this.#linger);
    this.#watchers.cancel();
  }

  #end(): void {
    this.#hush();
    this.#stop?.();
    this.#stop = undefined;
    this.#ports.onEnd();
  }
}

/** In Node, a timer that is only waiting to tidy up must not keep the process alive. */
function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}
