import type { Position } from '@quantumflux/sdk/protocol';

/** How long heads are gathered before other servers are told, in ms. */
const GATHER_MS = 100;

/**
 * Heads are old as soon as there are newer ones, so those that come within a moment are told as one. Whoever hears of what
 * was stored from the payloads waits for nothing; heads tell of payloads that were lost, and of partitions that nobody
 * watches there.
 */
export function gatherHeads(tell: (position: Position) => void) {
  let epoch: number | undefined;
  const offsets = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;

  function tellNow(): void {
    clearTimeout(timer);
    timer = undefined;
    if (epoch !== undefined && offsets.size > 0) tell({ epoch, offsets: [...offsets] });
    offsets.clear();
  }

  return {
    add(position: Position): void {
      if (position.epoch !== epoch) tellNow();
      epoch = position.epoch;
      for (const [partition, offset] of position.offsets) {
        offsets.set(partition, Math.max(offset, offsets.get(partition) ?? 0));
      }
      timer ??= setTimeout(tellNow, GATHER_MS).unref();
    },

    stop: () => clearTimeout(timer),
  };
}
