import type { Block, Position } from '@quantumflux/sdk/protocol';
import type { StreamMonth } from './month.ts';
import type { Rollup } from './rollup.ts';

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
  count: number;
  /** Whether `bytes` are the points; otherwise statistics of minutes or hours. */
  isRaw: boolean;
  bytes: Uint8Array;
};

/** A block of the journal, and where it is. */
export type JournalBlock = Block & { partition: number; offset: number };

/** All that is stored, at one moment. */
export interface Snapshot {
  /** Everything up to here is in it, and nothing else. */
  position: Position;

  /** Hands over the blocks of streams that are in no chunk yet and may have points in the range, each stream's oldest first. */
  journal(streams: number[], range: Range, visit: (block: JournalBlock) => void): Promise<void>;

  /** How many points the chunks that touch the range have. */
  count(streams: number[], range: Range): Promise<number>;

  /** Hands over the chunks that touch the range, in pages, each stream's oldest first, with their points. */
  chunks(streams: number[], range: Range, visit: (rows: ChunkRow[]) => void): Promise<void>;

  /** Which of these months of streams have chunks but not their hours yet. */
  openMonths(streams: number[], months: number[]): Promise<StreamMonth[]>;

  /** Hands over the hours of the months of streams that start in a range, `end` not included. */
  months(
    streams: number[],
    range: { start: number; end: number },
    visit: (month: StreamMonth & { hours: Uint8Array }) => void,
  ): Promise<void>;

  /**
   * The same as `chunks` with statistics instead of points, except for the chunks that the range cuts, those that the tail of their
   * stream touches, and those that have none: these have their points. What lies within one interval is told by `whole`,
   * a row per chunk.
   */
  rollups(
    tails: Tail[],
    question: Range & { intervalMs: number; level: Level },
    visit: { rows: (rows: ChunkRow[]) => void; whole: (stream: number, chunks: Rollup) => void },
  ): Promise<void>;
}

/**
 * Reads in one snapshot, so that nothing falls between journal and chunks, or is found in both. `work` may be called once
 * more, with the snapshot of another server, when the first one gives up half way: what it gathers is made inside of it.
 * When the signal fires, it ends at once, whatever the database is doing, and rejects with the signal's reason.
 */
export type ReadSnapshot = <T>(work: (snapshot: Snapshot) => Promise<T>, signal?: AbortSignal) => Promise<T>;
