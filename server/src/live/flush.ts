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

/**
 * Calls back for all that asked for the same `hz`, together, at most so many times a second: what comes after a pause with the
 * next turn of the loop, the rest when its time has come.
 */
export function createBeats<Item>(onBeat: (items: Item[]) => void) {
  /** What waits at each rate. There is an entry while the last beat is not long enough ago. */
  const waiting = new Map<number, Item[]>();
  const timers = new Map<number, NodeJS.Timeout>();

  function beat(hz: number): void {
    const items = waiting.get(hz) ?? [];
    if (items.length === 0) {
      waiting.delete(hz);
      timers.delete(hz);
      return;
    }
    waiting.set(hz, []);
    schedule(hz, Math.ceil(1_000 / hz));
    onBeat(items);
  }

  function schedule(hz: number, ms: number): void {
    timers.set(
      hz,
      setTimeout(() => beat(hz), ms),
    );
  }

  return {
    /** Takes an item for the next beat. */
    add(item: Item, hz: number): void {
      const items = waiting.get(hz);
      if (items) return void items.push(item);
      waiting.set(hz, [item]);
      schedule(hz, 0);
    },

    stop(): void {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      waiting.clear();
    },
  };
}
