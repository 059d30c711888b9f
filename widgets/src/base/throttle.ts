import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Calls back at most once in `ms`, for the last request too; not at all while its element is off the page. */
export class Throttle implements ReactiveController {
  readonly #ms: number;
  readonly #call: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #calledAt = -Infinity;

  constructor(host: ReactiveControllerHost, ms: number, call: () => void) {
    this.#ms = ms;
    this.#call = call;
    host.addController(this);
  }

  request(): void {
    this.#timer ??= setTimeout(() => this.now(), Math.max(0, this.#calledAt + this.#ms - performance.now()));
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
