/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run, told so that a red run can be had again: FAULT_SEED=… */
export function seededRandom(name: string): () => number {
  const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000);
  console.info(`${name}: FAULT_SEED=${seed}`);
  return randomFrom(seed);
}

/** How often each fault is tried: a few times in every run of the tests, more at night. */
export const rounds = Number(process.env['FAULT_ROUNDS'] ?? 3);
