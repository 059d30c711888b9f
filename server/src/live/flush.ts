/** Share of its time that the event loop may be busy before frames are held back. */
const HALF = 0.5;

/** How long frames are held back at most, in ms. */
const MAX_WAIT_MS = 50;

/** Over what time it is found out how busy the loop is, in ms. */
const WINDOW_MS = 100;

/**
 * How long to wait between two flushes, in ms, when the event loop is `busy` (0 to 1). A send is what costs, and a flush
 * that waits sends more points with it: nothing while there is time to spare, 16 ms at three quarters, 50 ms when it is full.
 */
export function waitFor(busy: number): number {
  const over = Math.min(1, Math.max(0, (busy - HALF) / (1 - HALF)));
  return MAX_WAIT_MS * over ** 1.64;
}

/** Flushes soon after it was asked to: with the next turn of the loop, or later when that is busy. */
export function createFlushClock(flush: () => void) {
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  let flushedAt = 0;
  let busy = 0;
  let measuredAt = performance.now();
  let measured = performance.eventLoopUtilization();

  function run(): void {
    timer = immediate = undefined;
    flushedAt = performance.now();
    flush();
  }

  function measure(now: number): void {
    if (now - measuredAt < WINDOW_MS) return;
    const current = performance.eventLoopUtilization();
    // Half of what it was before, so that the wait does not swing.
    busy = (busy + performance.eventLoopUtilization(current, measured).utilization) / 2;
    measured = current;
    measuredAt = now;
  }

  return {
    request(): void {
      if (timer ?? immediate) return;
      const now = performance.now();
      measure(now);
      const wait = flushedAt + waitFor(busy) - now;
      if (wait < 1) immediate = setImmediate(run);
      else timer = setTimeout(run, wait);
    },

    stop(): void {
      clearTimeout(timer);
      clearImmediate(immediate);
    },
  };
}

/** Calls back for all that asked for the same `hz`, together, at most so many times a second. */
export function createBeats<Item>(onBeat: (items: Item[]) => void) {
  const waiting = new Map<number, { items: Item[]; timer: NodeJS.Timeout }>();

  return {
    /** Takes an item for the next beat. */
    add(item: Item, hz: number): void {
      const beat = waiting.get(hz);
      if (beat) return void beat.items.push(item);
      const period = 1_000 / hz;
      const items = [item];
      const timer = setTimeout(
        () => {
          waiting.delete(hz);
          onBeat(items);
        },
        // A timer may be up to a millisecond early, and would then run twice for one beat.
        Math.ceil(period - (performance.now() % period)) + 1,
      );
      waiting.set(hz, { items, timer });
    },

    stop(): void {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
