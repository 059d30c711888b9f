import type { Position } from '@quantumflux/sdk/protocol';
import type { Stretch } from './backfill.ts';

/** Whether a position is nowhere behind another one. Of two journals neither covers the other. */
export function covers(position: Position, other: Position): boolean {
  const offsets = new Map(position.offsets);
  return (
    position.epoch === other.epoch &&
    other.offsets.every(([partition, offset]) => offset <= (offsets.get(partition) ?? 0))
  );
}

/** Of each partition the later of two offsets. */
export function furthest(a: Position, b: Position): Position {
  const offsets = new Map(a.offsets);
  for (const [partition, offset] of b.offsets) offsets.set(partition, Math.max(offset, offsets.get(partition) ?? 0));
  return { epoch: a.epoch, offsets: [...offsets] };
}

/** What was written from one position to another; nothing of the partitions where that is behind. */
export function stretchesBetween(from: Position, to: Position): Stretch[] {
  const offsets = new Map(from.offsets);
  return to.offsets
    .map(([partition, last]) => ({ partition, after: offsets.get(partition) ?? 0, last }))
    .filter(({ after, last }) => last > after);
}

/** Equal for equal positions. */
export function textOf({ epoch, offsets }: Position): string {
  return `${epoch} ${offsets.toSorted(([a], [b]) => a - b).join(' ')}`;
}
