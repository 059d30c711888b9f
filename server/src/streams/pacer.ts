/** Lets others run whenever this work has gone on for `maxMs`; to be awaited between its parts. */
export function createPacer(maxMs = 4): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < maxMs) return;
    await new Promise<void>((turn) => setImmediate(turn));
    since = performance.now();
  };
}
