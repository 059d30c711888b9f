import { blocksOf, type FrameEntry, type FrameRange } from '@quantumflux/sdk/protocol';
import type { SharedSection } from './section.ts';

type Newest = { partition: number; offset: number; bytes: Uint8Array };

/**
 * What a channel keeps while somebody cannot follow it: how much went by, and of each stream the newest block. It does not
 * grow with time, nor with how many are behind.
 */
export class Backlog {
  points = 0;
  bytes = 0;
  /** How many are behind. */
  followers = 0;
  readonly #newest = new Map<number, Newest>();

  add({ section, size }: SharedSection): void {
    this.points += size.points;
    this.bytes += size.bytes;
    for (const { partition, entries } of section.ranges) {
      for (const { offset, blocks } of entries) {
        for (const { stream, bytes } of blocksOf(blocks)) {
          // A copy, so that the entry it was in is not held for it.
          this.#newest.set(stream, { partition, offset, bytes: bytes.slice() });
        }
      }
    }
  }

  /** Of each stream that `wants` the newest block of a range, as entries. */
  newestIn({ partition, after, last }: Omit<FrameRange, 'entries'>, wants: (stream: number) => boolean): FrameEntry[] {
    const found = [...this.#newest].filter(
      ([stream, { partition: of, offset }]) => of === partition && offset > after && offset <= last && wants(stream),
    );
    const byOffset = new Map<number, Uint8Array[]>();
    for (const [, { offset, bytes }] of found) byOffset.set(offset, [...(byOffset.get(offset) ?? []), bytes]);
    return [...byOffset]
      .sort(([a], [b]) => a - b)
      .map(([offset, blocks]) => ({ offset, blocks: Buffer.concat(blocks) }));
  }
}
