import type { CompactionStore } from './compaction.ts';
import { DAY } from './downsample.ts';

// Outside of these, in ms from now, points lie in the partition for all else: nobody shall make tables by the thousand.
const BACK = 10 * 366 * DAY;
const AHEAD = 366 * DAY;

/** Makes the partitions of months, each asked for once. */
export function createMonths(store: Pick<CompactionStore, 'makeMonth'>) {
  const made = new Set<string>();
  return {
    /** Resolves when the months of these times in ms can be written to. */
    async make(times: number[]): Promise<void> {
      const now = Date.now();
      const near = times.filter((time) => time > now - BACK && time < now + AHEAD);
      for (const month of new Set(near.map(monthOf))) {
        if (made.has(month)) continue;
        await store.makeMonth(month);
        made.add(month);
      }
    },
  };
}

/** The first day of the UTC month. */
function monthOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 7)}-01`;
}
