import {
  blocksOf,
  decodeBlock,
  MAX_QUERY_POINTS,
  QuantumFluxError,
  type Columns,
  type Position,
} from '@quantumflux/sdk/protocol';
import { openPayload, openRollup } from './chunk.ts';
import { clip, mergeColumns } from './columns.ts';
import { DAY, HOUR, MINUTE } from './downsample.ts';
import type { Reader } from './reader.ts';
import type { Rollup } from './rollup.ts';
import type { ChunkRow, Level, Range, ReadSnapshot, Snapshot } from './snapshot.ts';
import { partitionOf } from './stream.ts';
import { createParts } from './summary-parts.ts';

/** A question about less than this, in ms over all its streams, is read without a look at how much there is. */
const SMALL_MS = DAY;

/** What it costs to find a chunk, in points that are read in that time. */
const ROW_COST = 20;

/** The points of some streams, and the position at which they were read. */
export type History = { position: Position; columns: Map<number, Columns> };

/** Statistics of the points of some streams, and the position at which they were read. */
export type Summary = { position: Position; rollups: Map<number, Rollup> };

/**
 * Answers questions about the points of streams. Times in ms, ranges inclusive; the newest write of a time wins. A question
 * that would read more than MAX_QUERY_POINTS is `too_large`; one whose signal fires ends at once.
 */
export function createHistory({ snapshot, read }: { snapshot: ReadSnapshot; read: Reader }) {
  /** What the chunks do not have yet, in the order in which it was written. */
  async function tailsOf(stored: Snapshot, { ids, range, budget }: Question): Promise<Map<number, Columns[]>> {
    const tails = new Map<number, Columns[]>(ids.map((id) => [id, []]));
    await stored.journal([...new Set(ids.map(partitionOf))], range, (entries) => {
      for (const { partition, offset, payload } of entries) {
        for (const block of blocksOf(payload)) {
          const tail = tails.get(block.stream);
          const points = tail && read(`entry ${offset} of partition ${partition}`, () => decodeBlock(block));
          if (!points) continue;
          budget.take(points.times.length);
          tail.push(points);
        }
      }
    });
    return tails;
  }

  function pointsOf({ id, stream, count, bytes }: ChunkRow, budget: Budget): Columns | undefined {
    budget.take(count);
    return read(nameOf(id, stream), () => openPayload(bytes!));
  }

  return {
    /** The points themselves, ascending. */
    history: (ids: number[], from: number, to: number, signal?: AbortSignal): Promise<History> =>
      snapshot(async (stored) => {
        const question = { ids, range: { from, to }, budget: createBudget() };
        if (ids.length * (to - from) >= SMALL_MS) question.budget.check(await stored.count(ids, question.range));
        const tails = await tailsOf(stored, question);
        const pieces = new Map<number, Columns[]>(ids.map((id) => [id, []]));
        await stored.chunks(ids, question.range, (rows) => {
          for (const row of rows) pieces.get(row.stream)!.push(pointsOf(row, question.budget) ?? nothing);
        });
        const columns = new Map<number, Columns>();
        for (const [id, chunks] of pieces)
          columns.set(id, clip(mergeColumns([...chunks, ...tails.get(id)!]), from, to));
        return { position: stored.position, columns };
      }, signal),

    /** What the points say per interval, of a minute or whole minutes; mostly without reading them. */
    summary: (
      ids: number[],
      { from, to, intervalMs }: Range & { intervalMs: number },
      signal?: AbortSignal,
    ): Promise<Summary> =>
      snapshot(async (stored) => {
        const question = { ids, range: { from, to }, budget: createBudget() };
        const tails = await tailsOf(stored, question);
        const level = intervalMs % HOUR === 0 ? 'hours' : 'minutes';
        const parts = new Map(
          [...tails].map(([id, tail]) => [id, createParts(mergeColumns(tail), { from, to, intervalMs })]),
        );
        const hulls = [...parts].map(([stream, { hull }]) => ({ stream, ...hull }));
        await stored.rollups(hulls, { from, to, intervalMs, level }, (rows) => {
          for (const row of rows) {
            const into = parts.get(row.stream)!;
            if (row.isRaw) {
              into.addPoints(pointsOf(row, question.budget) ?? nothing);
              continue;
            }
            const rollup = read(nameOf(row.id, row.stream), () => rollupOf(row, level));
            if (!rollup) continue;
            question.budget.take(ROW_COST + rollup.t.length);
            into.addRollup(row.tMin, rollup);
          }
        });
        const rollups = new Map([...parts].map(([id, part]) => [id, part.toRollup()]));
        return { position: stored.position, rollups };
      }, signal),
  };
}

export type ReadHistory = ReturnType<typeof createHistory>;

type Budget = {
  /** Throws unless so many more may be read. */
  check(points: number): void;
  take(points: number): void;
};
type Question = { ids: number[]; range: Range; budget: Budget };

const nothing: Columns = { times: new Float64Array(), values: new Float64Array() };

function nameOf(chunk: number, stream: number): string {
  return `chunk ${chunk} of stream ${stream}`;
}

function rollupOf({ bytes, tMin, min, max, first, last, sum, count }: ChunkRow, level: Level): Rollup {
  if (bytes) return openRollup(bytes, level === 'hours' ? HOUR : MINUTE);
  const column = (value: number) => Float64Array.of(value);
  return {
    t: column(tMin),
    min: column(min),
    max: column(max),
    first: column(first),
    last: column(last),
    sum: column(sum),
    count: column(count),
  };
}

function createBudget(): Budget {
  let left = MAX_QUERY_POINTS;
  const check = (points: number) => {
    if (points > left) throw tooMany();
  };
  return {
    check,
    take(points) {
      check(points);
      left -= points;
    },
  };
}

function tooMany(): QuantumFluxError {
  return new QuantumFluxError(
    'too_large',
    `The question would read more than ${MAX_QUERY_POINTS.toLocaleString('en')} points. Ask for a shorter time or fewer streams.`,
  );
}
