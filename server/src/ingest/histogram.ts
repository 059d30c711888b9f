/** Counts between bounds: one more count than bounds, the first below the first bound, the last above the last one. */
export type Buckets = { bounds: number[]; counts: number[]; min?: number | undefined; max?: number | undefined };

/**
 * The value below which this share of all values lies, as near as buckets can tell: as if values were evenly spread in
 * each. Undefined when there are none, or when the buckets are not in order.
 */
export function quantileOf(share: number, { bounds, counts, min, max }: Buckets): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (!(total > 0) || counts.length !== bounds.length + 1 || bounds.length === 0) return undefined;
  const rank = share * total;
  let below = 0;
  const i = counts.findIndex((count) => (below += count) >= rank && count > 0);
  const count = counts[i];
  if (count === undefined) return undefined;
  // The outermost buckets have one bound each; the values themselves say more, if they were sent.
  const low = bounds[i - 1] ?? min ?? Math.min(0, bounds[0]!);
  const high = bounds[i] ?? max ?? bounds.at(-1)!;
  const value = low + (high - low) * ((rank - (below - count)) / count);
  return Math.min(max ?? Infinity, Math.max(min ?? -Infinity, value));
}

/** Buckets whose bounds are powers of 2 ** 2 ** -scale, as buckets with bounds. */
export function exponentialBuckets(scale: number, offset: number, counts: number[], zeros: number): Buckets {
  const bounds = Array.from({ length: counts.length + 1 }, (_, i) => 2 ** ((offset + i) * 2 ** -scale));
  return { bounds: [0, ...bounds], counts: [zeros, 0, ...counts, 0] };
}
