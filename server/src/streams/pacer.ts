/** To be awaited between the parts of a long work. */
export type Pace = () => Promise<void>;

/** Lets others run whenever this work has gone on for `maxMs`. */
export function createPacer(maxMs = 2): Pace {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < maxMs) return;
    await new Promise<void>((turn) => setImmediate(turn));
    since = performance.now();
  };
}
