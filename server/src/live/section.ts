import { blocksOf, encodeFrameV1, encodeSection, pointsIn, type Range, type Section } from '@quantumflux/sdk/protocol';

/** A section on its way to all who see its channel: whatever form they read it in, it is made once. */
export class SharedSection {
  readonly section: Section;
  #bytes: Uint8Array | undefined;
  #v1: Uint8Array | undefined;
  #size: { points: number; bytes: number } | undefined;

  constructor(section: Section) {
    this.section = section;
  }

  get channel(): number {
    return this.section.channel;
  }

  get bytes(): Uint8Array {
    return (this.#bytes ??= encodeSection(this.section));
  }

  /** The frame that clients of version 1 get of it. */
  v1(epoch: number): Uint8Array {
    return (this.#v1 ??= encodeFrameV1(epoch, this.section));
  }

  get ranges(): Range[] {
    return this.section.ranges.map(({ partition, after, last }) => [partition, after, last]);
  }

  /** What its ranges had: points, also those that are left out, and bytes of blocks. */
  get size(): { points: number; bytes: number } {
    return (this.#size ??= sizeOf(this.section));
  }
}

function sizeOf({ skipped, ranges }: Section): { points: number; bytes: number } {
  const size = { points: skipped, bytes: 0 };
  for (const { entries } of ranges) {
    for (const { blocks } of entries) {
      size.bytes += blocks.length;
      for (const block of blocksOf(blocks)) size.points += pointsIn(block);
    }
  }
  return size;
}
