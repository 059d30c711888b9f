import { openPayload, openRollup, sealRollup } from './chunk.ts';
import type { CompactionStore, HeldMonths } from './compaction.ts';
import { HOUR } from './downsample.ts';
import { firstOpenMonth, type StreamMonth } from './month.ts';
import { createPacer } from './pacer.ts';
import type { Reader } from './reader.ts';
import { coarsen, rollUp } from './rollup.ts';
import type { ChunkRow } from './snapshot.ts';

/** Puts the hours of months together once these are over. Any number of servers may do it. */
export function createMonthMaker({ store, read }: { store: Pick<CompactionStore, 'holdMonths'>; read: Reader }) {
  function hoursOf({ id, stream, isRaw, bytes }: ChunkRow) {
    const name = `chunk ${id} of stream ${stream}`;
    return read(name, () => (isRaw ? rollUp(openPayload(bytes), HOUR) : openRollup(bytes, HOUR))) ?? [];
  }

  async function make(held: HeldMonths, month: StreamMonth, pace: () => Promise<void>): Promise<void> {
    const hours = [];
    for (const chunk of await held.chunks(month)) {
      hours.push(hoursOf(chunk));
      await pace();
    }
    await held.store(month, hours.length > 0 ? sealRollup(coarsen(hours.flat(), HOUR), HOUR) : null);
  }

  return {
    /** Makes some months; whether there were any. */
    async step(): Promise<boolean> {
      const made = await store.holdMonths(firstOpenMonth(), async (held) => {
        const pace = createPacer();
        for (const month of held.months) await make(held, month, pace);
        return true;
      });
      return made ?? false;
    },
  };
}

export type MonthMaker = ReturnType<typeof createMonthMaker>;
