import type { Position } from '@quantumflux/sdk/protocol';

/** An epoch that no journal has. */
const NO_EPOCH = -1;

/** What both of two reads have seen. Of two journals they have nothing in common, and the position is of none. */
export function olderOf(a: Position, b: Position): Position {
  const others = new Map(b.offsets);
  return {
    epoch: a.epoch === b.epoch ? a.epoch : NO_EPOCH,
    offsets: a.offsets.map(([partition, offset]) => [partition, Math.min(offset, others.get(partition) ?? 0)]),
  };
}
