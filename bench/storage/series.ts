import type { Columns } from '@quantumflux/sdk/protocol';

/** A series at one point per second. */
export type Series = { from: number; points: number; kind: Kind };
export type Kind = keyof typeof kinds;

/** The same numbers at every run. (Marsaglia, Xorshift RNGs, 2003.) */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const kinds = {
  /** A temperature, say: it drifts, and has two decimals. */
  'two-decimal gauge': (random: () => number) => {
    let value = 2_000;
    return () => (value += Math.round((random() - 0.5) * 60)) / 100;
  },
  /** No two alike, all 52 bits at random. */
  'random float64': (random: () => number) => () => random() + random() / 2 ** 32,
  'integer counter': (random: () => number) => {
    let value = 0;
    return () => (value += Math.floor(random() * 100));
  },
};

export const kindNames = Object.keys(kinds) as Kind[];

/** The series in pieces of this many points. */
export function* pieces({ from, points, kind }: Series, size: number): Generator<Columns> {
  const next = kinds[kind](randomFrom(42));
  for (let at = 0; at < points; at += size) {
    const length = Math.min(size, points - at);
    const times = Float64Array.from({ length }, (_, i) => from + (at + i) * 1_000);
    yield { times, values: Float64Array.from({ length }, next) };
  }
}
