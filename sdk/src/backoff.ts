/** Shortest and longest wait, in ms. */
export type BackoffOptions = { minMs: number; maxMs: number };

/**
 * How long to wait before attempt `attempt + 1`, in ms. Full jitter, so that a thousand clients do not come back in the
 * same second (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function backoffDelay(attempt: number, { minMs, maxMs }: BackoffOptions, random = Math.random): number {
  const ceiling = Math.min(maxMs, minMs * 2 ** (attempt + 1));
  return minMs + random() * (ceiling - minMs);
}
