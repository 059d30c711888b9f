import type { Stop } from './options.ts';

/** How long a hidden page may hold back its animation frame before a timer goes ahead, in ms. */
const FRAME_TIMEOUT_MS = 200;

/** Callbacks that are told of many small changes at once: per animation frame, or per turn of the loop without a page. */
export class Watchers<News> {
  readonly #calls = new Set<(news: News) => void>();
  #cancel: Stop | undefined;

  get size(): number {
    return this.#calls.size;
  }

  add(call: (news: News) => void): Stop {
    const watcher = (news: News) => call(news);
    this.#calls.add(watcher);
    return () => void this.#calls.delete(watcher);
  }

  /** Tells everybody soon, once, whatever else changes until then. */
  tellSoon(news: () => News): void {
    this.#cancel ??= soon(() => this.tell(news()));
  }

  /** Tells everybody now; what was to be told soon is told with it. */
  tell(news: News): void {
    this.cancel();
    for (const call of this.#calls) tellOne(call, news);
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** A mistake in a callback is its own: it is reported like any other, and the rest goes on. */
export function tellOne<News>(call: (news: News) => void, news: News): void {
  try {
    call(news);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function soon(run: () => void): Stop {
  const hasFrames = typeof requestAnimationFrame === 'function';
  const frame = hasFrames ? requestAnimationFrame(run) : 0;
  const timer = setTimeout(run, hasFrames ? FRAME_TIMEOUT_MS : 0);
  return () => {
    clearTimeout(timer);
    if (hasFrames) cancelAnimationFrame(frame);
  };
}
