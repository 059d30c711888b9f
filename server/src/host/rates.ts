import type { CpuTicks } from './proc.ts';

/** By how much counters rose per second since the time before. The first time, or when one began anew, it is not told. */
export function createRates(): (counters: Map<string, number>, nowMs: number) => Map<string, number> {
  let before = new Map<string, number>();
  let beforeMs = 0;
  return (counters, nowMs) => {
    const seconds = (nowMs - beforeMs) / 1_000;
    const rates = new Map<string, number>();
    for (const [name, value] of counters) {
      const risen = value - (before.get(name) ?? Number.NaN);
      if (risen >= 0 && seconds > 0) rates.set(name, risen / seconds);
    }
    before = counters;
    beforeMs = nowMs;
    return rates;
  };
}

/** The share of its time, in percent, that a CPU was busy between two looks; NaN when none went by. */
export function busyPercent(before: CpuTicks, after: CpuTicks): number {
  const total = after.total - before.total;
  // The time of waiting for disks may be corrected downwards.
  return total > 0 ? Math.min(100, Math.max(0, (100 * (after.busy - before.busy)) / total)) : Number.NaN;
}
