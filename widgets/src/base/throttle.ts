import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Calls back now and then, for the last request too; not at all while its element is off the page. */
export class Throttle implements ReactiveController {
  readonly #call: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #calledAt = -Infinity;

  constructor(host: ReactiveControllerHost, call: () => void) {
    this.#call = call;
    host.addController(this);
  }

  /** Calls back once, at least `ms` after the last time. */
  request(ms: number): void {
    this.#timer ??= setTimeout(() => this.now(), Math.max(0, this.#calledAt + ms - performance.now()));
  }

  /** Without waiting; what was requested is done with this. */
  now(): void {
    this.hostDisconnected();
    this.#calledAt = performance.now();
    this.#call();
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
