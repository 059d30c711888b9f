import type { Position } from '@quantumflux/sdk/protocol';
import type { Journal } from './journal.ts';

/** How far the points are that somebody was told of. */
export type Floor = {
  /** Undefined as long as nobody was told anything. */
  position(): Position | undefined;
  /** A position that the primary gave to us, and we give on. */
  raise(position: Position): void;
  /** The same from a replica or the bus: what is of another epoch proves nothing. */
  hear(position: Position): void;
};

/**
 * Remembers the furthest position that this server has told anyone, so that no later answer is of an older state: not of a
 * replica that is behind what a writer, a viewer or another question has seen here. `onNewEpoch` hears of another journal.
 */
export function createFloor({ onNewEpoch = () => {} }: { onNewEpoch?: () => void } = {}): Floor {
  let epoch: number | undefined;
  let offsets = new Map<number, number>();

  function lift(partition: number, offset: number): void {
    if (offset > (offsets.get(partition) ?? 0)) offsets.set(partition, offset);
  }

  return {
    position: () => (epoch === undefined ? undefined : { epoch, offsets: [...offsets] }),

    raise(position) {
      if (position.epoch !== epoch) {
        const isFirst = epoch === undefined;
        epoch = position.epoch;
        offsets = new Map();
        if (!isFirst) onNewEpoch();
      }
      for (const [partition, offset] of position.offsets) lift(partition, offset);
    },

    hear(position) {
      if (position.epoch !== epoch) return;
      for (const [partition, offset] of position.offsets) lift(partition, offset);
    },
  };
}

/** Whether all that was told is in a state with this position. */
export function reaches({ epoch, offsets }: Position, floor: Position): boolean {
  const reached = new Map(offsets);
  return epoch === floor.epoch && floor.offsets.every(([partition, offset]) => (reached.get(partition) ?? 0) >= offset);
}

/** How far the journal is, as far as these entries tell. */
export function positionAfter({ epoch, entries }: Committed): Position {
  return { epoch, offsets: entries.map(({ partition, offset }) => [partition, offset]) };
}

type Committed = { epoch: number; entries: readonly { partition: number; offset: number }[] };

/** The same journal; what it tells raises the floor before anybody hears it. */
export function raising(floor: Floor, journal: Journal): Journal {
  return {
    async append(entries, claims) {
      const committed = await journal.append(entries, claims);
      floor.raise(positionAfter(committed));
      return committed;
    },

    async heads() {
      const position = await journal.heads();
      floor.raise(position);
      return position;
    },

    async after(partition, offset, limits) {
      const entries = await journal.after(partition, offset, limits);
      const last = entries.at(-1);
      const epoch = floor.position()?.epoch;
      if (last && epoch !== undefined) floor.hear(positionAfter({ epoch, entries: [last] }));
      return entries;
    },
  };
}
