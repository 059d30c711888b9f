import type { FrameRange, Section } from '@quantumflux/sdk/protocol';
import { addPiece, bytesOf, type Piece } from './blocks.ts';

/** What a channel has for its next section. */
export type Gathering = {
  /** Adds a block of a stream, the bytes of `payload` from `start` to `end`. `sent`: up to where the partition was sent. */
  add(block: GatheredBlock): void;
  readonly isEmpty: boolean;
  /** Whether anything of a partition is in it. */
  has(partition: number): boolean;
  /** Everything that was added, and begins anew. */
  take(): Gathered;
  clear(): void;
};

export type GatheredBlock = { partition: number; offset: number; stream: number; sent: number } & Piece;
export type Gathered = Omit<Section, 'channel'>;

type Stretch = { after: number; last: number; entries: { offset: number; pieces: Piece[] }[] };

/** Every block as it came in. */
export function gatherAll(): Gathering {
  const stretches = new Map<number, Stretch>();

  return {
    add({ partition, offset, sent, payload, start, end }) {
      let stretch = stretches.get(partition);
      if (!stretch) stretches.set(partition, (stretch = { after: sent, last: offset, entries: [] }));
      stretch.last = offset;
      let entry = stretch.entries.at(-1);
      if (entry?.offset !== offset) stretch.entries.push((entry = { offset, pieces: [] }));
      addPiece(entry.pieces, payload, start, end);
    },

    get isEmpty() {
      return stretches.size === 0;
    },

    has: (partition) => stretches.has(partition),

    take() {
      const ranges = [...stretches].map(([partition, stretch]) => rangeOf(partition, stretch));
      stretches.clear();
      return { delivery: 'whole', skipped: 0, ranges };
    },

    clear: () => stretches.clear(),
  };
}

function rangeOf(partition: number, { after, last, entries }: Stretch): FrameRange {
  return {
    partition,
    after,
    last,
    entries: entries.map(({ offset, pieces }) => ({ offset, blocks: bytesOf(pieces) })),
  };
}
