/** Milliseconds of every run of some work. The first two warm up and do not count. */
export async function time(work: () => Promise<unknown>, runs = 25): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < runs + 2; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.slice(2);
}

/** The value below which a share of the values lies, 0 to 1. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

export async function median(work: () => Promise<unknown>, runs?: number): Promise<number> {
  return round(quantile(await time(work, runs), 0.5), 2);
}

export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
