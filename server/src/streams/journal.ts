import type { Position } from '@quantumflux/sdk/protocol';

/** What one group commit stored in one partition: codec blocks. */
export type JournalEntry = { partition: number; offset: number; payload: Uint8Array };

/** An entry that has no offset yet. Times in ms since the epoch. */
export type NewEntry = { partition: number; payload: Uint8Array; tMin: number; tMax: number };

/** The key of a write that may be sent again, and SHA-256 of what was sent with it. */
export type Claim = { organization: string; key: string; hash: Uint8Array };

/** How much an `after` may bring at a time. */
export type ReadLimits = { entries: number; bytes: number };

/** The only truth: entries per partition, offsets 1, 2, 3 … without holes, in the order of their commits. */
export interface Journal {
  /**
   * Appends in one transaction. When this resolves, the points are on disk. At most one entry per partition. The claims
   * are stored with them; if one of the keys is taken, nothing is stored, and the error is one of a unique constraint.
   */
  append(entries: NewEntry[], claims?: Claim[]): Promise<{ epoch: number; entries: JournalEntry[] }>;

  /** How far each partition is. */
  heads(): Promise<Position>;

  /** Entries of a partition after an offset, oldest first; fewer than there are when a limit is met. */
  after(partition: number, offset: number, limits: ReadLimits): Promise<JournalEntry[]>;
}
