import { blocksOf, type Block } from '@quantumflux/sdk/protocol';
import { firstAtOrAfter } from './columns.ts';
import type { JournalEntry } from './journal.ts';
import type { JournalBlock } from './snapshot.ts';

/** Most bytes that are held of a partition: some times what waits for its compaction. */
const MAX_BYTES = 4 * 1_024 * 1_024;

/** Entries of a partition after one offset, up to and with another. */
type Stretch = { partition: number; after: number; last: number };

/**
 * The journal's newest entries as this server saw them go by, so that a question about one stream does not read what a
 * thousand others wrote in the last minute. It says what it holds without a hole; the rest must be read from the journal.
 */
export function createRecentEntries(maxBytes = MAX_BYTES) {
  const partitions = new Map<number, Held>();

  return {
    /** To be called for every entry, in the order of the offsets. */
    add({ partition, offset, payload }: JournalEntry): void {
      const before = partitions.get(partition);
      const held =
        before && offset === before.last + 1 ? before : { after: offset - 1, last: offset, bytes: 0, entries: [] };
      held.entries.push({ offset, payload, places: undefined });
      held.last = offset;
      held.bytes += payload.length;
      while (held.bytes > maxBytes) {
        const oldest = held.entries.shift()!;
        held.after = oldest.offset;
        held.bytes -= oldest.payload.length;
      }
      partitions.set(partition, held);
    },

    /**
     * What is held after an offset, oldest first and without a hole; undefined when it does not reach back that far. The
     * payloads are the very bytes that came in, never to be changed. The journal may have more at the newer end.
     */
    since(partition: number, offset: number): readonly HeldEntry[] | undefined {
      const held = partitions.get(partition);
      if (!held || held.after > offset) return undefined;
      // Offsets have no holes, so the place is known without a search.
      return held.entries.slice(offset - held.after);
    },

    /** The offset after which everything of a partition is held; undefined when nothing is. */
    reach: (partition: number): number | undefined => partitions.get(partition)?.after,

    /** The journal is another one. */
    clear: () => partitions.clear(),

    /** Hands over the blocks of some streams, oldest first; false, and nothing, when a part of the stretch is not held. */
    visit({ partition, after, last }: Stretch, streams: number[], visit: (block: JournalBlock) => void): boolean {
      const held = partitions.get(partition);
      if (!held || held.after > after || held.last < last) return false;
      for (const entry of held.entries.slice(after - held.after, last - held.after)) {
        for (const stream of streams) {
          const bytes = blockIn(entry, stream);
          if (bytes) visit({ stream, bytes, partition, offset: entry.offset });
        }
      }
      return true;
    },
  };
}

export type RecentEntries = ReturnType<typeof createRecentEntries>;

/** A group commit of a partition: codec blocks. */
export type HeldEntry = { readonly offset: number; readonly payload: Uint8Array };

/** `places`: of each block its stream and where it starts, as one number, ascending. Made when it is first asked for. */
type Entry = HeldEntry & { places: Float64Array | undefined };
type Held = { after: number; last: number; bytes: number; entries: Entry[] };

/** More than a payload has bytes. */
const PLACE = 2 ** 26;

function blockIn(entry: Entry, stream: number): Block['bytes'] | undefined {
  entry.places ??= placesIn(entry.payload);
  const place = entry.places[firstAtOrAfter(entry.places, stream * PLACE)];
  if (place === undefined || Math.floor(place / PLACE) !== stream) return undefined;
  const [block] = blocksOf(entry.payload.subarray(place % PLACE));
  return block!.bytes;
}

/** An entry has at most one block of a stream. */
function placesIn(payload: Uint8Array): Float64Array {
  const places: number[] = [];
  for (const { stream, bytes } of blocksOf(payload))
    places.push(stream * PLACE + bytes.byteOffset - payload.byteOffset);
  return Float64Array.from(places).sort();
}
