import type { NewChunk } from './chunk.ts';
import type { JournalEntry } from './journal.ts';
import type { Span } from './merge-plan.ts';
import type { StreamMonth } from './month.ts';
import type { Piece } from './pieces.ts';
import type { ChunkRow } from './snapshot.ts';

/** When a partition is due: one of these is reached by what waits in its journal. Ages in ms. */
export type Due = { ageMs: number; entries: number; bytes: number };

/** A partition that nobody else compacts at the moment, inside of a transaction. */
export interface Held {
  /** What comes after the compacted offset, oldest first: as much as a step may take. */
  entries: JournalEntry[];
  /** How long the oldest of them has waited, in ms. */
  ageMs: number;

  /** For each piece the chunks of its stream and day that it overlaps, and the nearest on both sides. */
  chunksAround(pieces: Piece[]): Promise<Span[][]>;

  /** The payloads of chunks, by their ids. */
  payloads(chunks: StoredSpan[]): Promise<Map<number, Uint8Array>>;

  replace(removed: StoredSpan[], added: NewChunk[]): Promise<void>;

  /** Everything up to this offset is in chunks now. */
  advance(offset: number): Promise<void>;
}

export type StoredSpan = Span & { stream: number };

/** Months of which the hours are to be put together, in partitions that nobody else compacts at the moment. */
export interface HeldMonths {
  months: StreamMonth[];

  /** The chunks of a month, oldest first: their hours, or their points where they have none. */
  chunks(month: StreamMonth): Promise<ChunkRow[]>;

  /** The hours of a month, or none when there are no chunks. They hold until a chunk of the month changes. */
  store(month: StreamMonth, hours: Uint8Array | null): Promise<void>;
}

/** The tables that a compactor works on. */
export interface CompactionStore {
  /**
   * Holds the most overdue partition that is free while `work` runs. All that the work changes becomes true at once, or
   * nothing of it. Resolves to undefined when no partition is due.
   */
  hold<T>(due: Due, work: (held: Held) => Promise<T>): Promise<T | undefined>;

  /** Holds some of the months before `before` that are to be put together while `work` runs. Undefined when there are none. */
  holdMonths<T>(before: number, work: (held: HeldMonths) => Promise<T>): Promise<T | undefined>;

  /** Makes the partition of the chunks of a UTC month, `2026-11-01`, unless it is there. */
  makeMonth(month: string): Promise<void>;

  /** Deletes journal entries that are compacted and older than this; how many it were, and whether there are more. */
  trimJournal(olderThanMs: number): Promise<{ more: boolean }>;

  /** Deletes chunks that are older than their stream is to be kept. */
  expireChunks(): Promise<{ more: boolean }>;

  /** Drops one month of chunks of which everything is older than its stream is to be kept; whether there may be more. */
  dropMonth(): Promise<{ more: boolean }>;

  /** How long the oldest entry that is not compacted has waited, in ms. */
  lag(): Promise<number>;
}
