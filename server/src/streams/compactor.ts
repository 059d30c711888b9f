import { blocksOf } from '@quantumflux/sdk/protocol';
import { makeChunk, openPayload, type NewChunk } from './chunk.ts';
import { mergeColumns } from './columns.ts';
import type { CompactionStore, Held, StoredSpan } from './compaction.ts';
import { DAY } from './downsample.ts';
import { Gathered } from './gathered.ts';
import type { JournalEntry } from './journal.ts';
import { chunksToMerge } from './merge-plan.ts';
import { createMonths } from './months.ts';
import { createPacer, type Pace } from './pacer.ts';
import { piecesByDay, splitEvenly, type Piece } from './pieces.ts';
import type { Reader } from './reader.ts';

const defaults = {
  /** A partition is compacted when its oldest entry has waited this long, in ms. Also: see `entries` and `bytes`. */
  ageMs: 60_000,
  /** … or when so much waits, for every question about its streams reads it. */
  entries: 2_000,
  bytes: 1_024 * 1_024,
  /** Most points of a chunk. */
  chunkPoints: 8_192,
  /** Points that are merged at a time. */
  batchPoints: 15_000,
};

export type CompactorOptions = Partial<typeof defaults>;

/** What one step did. */
export type Step = { points: number; ageMs: number };

/** Turns journal entries into chunks, one partition at a time. Any number of servers may do it. */
export function createCompactor(
  { store, read, onStep }: { store: CompactionStore; read: Reader; onStep?: (step: Step) => void },
  options: CompactorOptions = {},
) {
  const { ageMs, entries, bytes, chunkPoints, batchPoints } = { ...defaults, ...options };
  const months = createMonths(store);

  async function gather(journal: JournalEntry[], pace: Pace): Promise<Map<number, Gathered>> {
    const streams = new Map<number, Gathered>();
    for (const { partition, offset, payload } of journal) {
      await pace();
      for (const block of blocksOf(payload)) {
        let gathered = streams.get(block.stream);
        if (!gathered) streams.set(block.stream, (gathered = new Gathered()));
        const points = gathered;
        read(`entry ${offset} of partition ${partition}`, () => points.add(block));
      }
    }
    return streams;
  }

  async function merge(held: Held, pieces: Piece[], pace: Pace): Promise<void> {
    const around = await held.chunksAround(pieces);
    const merged = pieces.map(({ stream, columns }, i) => {
      const { times } = columns;
      const added = { tMin: times[0]!, tMax: times.at(-1)!, count: times.length };
      return chunksToMerge(added, around[i]!, chunkPoints).map((span): StoredSpan => ({ ...span, stream }));
    });
    const payloads = await held.payloads(merged.flat());
    const removed: StoredSpan[] = [];
    const added: NewChunk[] = [];
    for (const [i, { stream, columns }] of pieces.entries()) {
      const older = merged[i]!.flatMap((span) => {
        const payload = payloads.get(span.id);
        // It expired meanwhile.
        if (!payload) return [];
        const points = read(`chunk ${span.id} of stream ${stream}`, () => openPayload(payload));
        if (points) removed.push(span);
        return points ?? [];
      });
      for (const part of splitEvenly(mergeColumns([...older, columns]), chunkPoints)) {
        added.push(makeChunk(stream, part));
        await pace();
      }
    }
    await held.replace(removed, added);
  }

  async function compact(held: Held): Promise<Step> {
    const pace = createPacer();
    const pieces: Piece[] = [];
    for (const [stream, gathered] of await gather(held.entries, pace)) {
      pieces.push(...piecesByDay(stream, mergeColumns([gathered.toColumns()])));
      await pace();
    }
    await months.make(pieces.map(({ day }) => day));
    for (const batch of batchesOf(pieces, batchPoints)) await merge(held, batch, pace);
    const last = held.entries.at(-1);
    if (last) await held.advance(last.offset);
    return { points: pieces.reduce((sum, { columns }) => sum + columns.times.length, 0), ageMs: held.ageMs };
  }

  return {
    /** Compacts some of the most overdue partition; undefined when none is due. */
    async step(): Promise<Step | undefined> {
      const step = await store.hold({ ageMs, entries, bytes }, compact);
      if (step) onStep?.(step);
      return step;
    },

    /** Makes the partitions of this month and the next, so that no step has to wait for that. */
    makeMonthsAhead: () => months.make([Date.now(), Date.now() + MONTH]),
  };
}

export type Compactor = ReturnType<typeof createCompactor>;

// No month is skipped by it.
const MONTH = 28 * DAY;

/** Most pieces that are merged at a time. */
const BATCH_PIECES = 500;

function* batchesOf(pieces: Piece[], maxPoints: number): Generator<Piece[]> {
  let batch: Piece[] = [];
  let points = 0;
  for (const piece of pieces) {
    batch.push(piece);
    points += piece.columns.times.length;
    if (points < maxPoints && batch.length < BATCH_PIECES) continue;
    yield batch;
    batch = [];
    points = 0;
  }
  if (batch.length > 0) yield batch;
}
