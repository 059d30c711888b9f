import type { Position } from '@quantumflux/sdk/protocol';
import type { JournalEntry } from './journal.ts';

/** Where the journal says more about a stream than its chunks do, in ms; from Infinity to -Infinity when it does not. */
export type Tail = { stream: number } & Range;

/** Times in ms, both inclusive. */
export type Range = { from: number; to: number };

/** How fine the statistics are that a chunk is asked for. */
export type Level = 'minutes' | 'hours';

/** A chunk as it is read. */
export type ChunkRow = {
  id: number;
  stream: number;
  tMin: number;
  tMax: number;
  count: number;
  min: number;
  max: number;
  first: number;
  last: number;
  sum: number;
  /** Whether `bytes` are the points; otherwise statistics of minutes or hours, or nothing when those above say enough. */
  isRaw: boolean;
  bytes: Uint8Array | null;
};

/** All that is stored, at one moment. */
export interface Snapshot {
  /** Everything up to here is in it, and nothing else. */
  position: Position;

  /** Hands over the entries that are not compacted and may have points in the range, each partition's oldest first. */
  journal(partitions: number[], range: Range, visit: (entries: JournalEntry[]) => void): Promise<void>;

  /** How many points the chunks that touch the range have. */
  count(streams: number[], range: Range): Promise<number>;

  /** Hands over the chunks that touch the range, in pages, each stream's oldest first, with their points. */
  chunks(streams: number[], range: Range, visit: (rows: ChunkRow[]) => void): Promise<void>;

  /**
   * The same with statistics instead of points, except for the chunks that the range cuts, those that the tail of their
   * stream touches, and those that have none: these have their points.
   */
  rollups(
    tails: Tail[],
    question: Range & { intervalMs: number; level: Level },
    visit: (rows: ChunkRow[]) => void,
  ): Promise<void>;
}

/**
 * Reads in one snapshot, so that nothing falls between journal and chunks, or is found in both. When the signal fires, it
 * ends at once, whatever the database is doing, and rejects with the signal's reason.
 */
export type ReadSnapshot = <T>(work: (snapshot: Snapshot) => Promise<T>, signal?: AbortSignal) => Promise<T>;
