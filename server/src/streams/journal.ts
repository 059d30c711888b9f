import type { Position } from '@quantumflux/sdk/protocol';

/** What one group commit stored in one partition: codec blocks. */
export type JournalEntry = { partition: number; offset: number; payload: Uint8Array };

/** An entry that has no offset yet. Times in ms since the epoch. */
export type NewEntry = { partition: number; payload: Uint8Array; tMin: number; tMax: number };

/** How much an `after` may bring at a time. */
export type ReadLimits = { entries: number; bytes: number };

/** The only truth: entries per partition, offsets 1, 2, 3 … without holes, in the order of their commits. */
export interface Journal {
  /** Appends in one transaction. When this resolves, the points are on disk. At most one entry per partition. */
  append(entries: NewEntry[]): Promise<{ epoch: number; entries: JournalEntry[] }>;

  /** How far each partition is. */
  heads(): Promise<Position>;

  /** Entries of a partition after an offset, oldest first; fewer than there are when a limit is met. */
  after(partition: number, offset: number, limits: ReadLimits): Promise<JournalEntry[]>;

  /**
   * Hands over, in no particular order, all entries that may have points between two times, inclusive, in ms; resolves
   * to the position that the entries were read at: all of them are up to it, and nothing up to it is missing.
   */
  read(partitions: number[], from: number, to: number, visit: (entries: JournalEntry[]) => void): Promise<Position>;
}
