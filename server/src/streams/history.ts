import {
  decodeBlock,
  MAX_QUERY_POINTS,
  QuantumFluxError,
  type Columns,
  type Position,
} from '@quantumflux/sdk/protocol';
import { openPayload, openRollup } from './chunk.ts';
import { clip, mergeColumns } from './columns.ts';
import { DAY, HOUR, MINUTE } from './downsample.ts';
import { lastBefore, longestRun, monthAfter, monthsWithin, type StreamMonth } from './month.ts';
import type { Reader } from './reader.ts';
import { coarsen, type Rollup } from './rollup.ts';
import type { ChunkRow, Range, ReadSnapshot, Snapshot, Tail } from './snapshot.ts';
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
    await stored.journal(ids, range, ({ partition, offset, ...block }) => {
      const points = read(`entry ${offset} of partition ${partition}`, () => decodeBlock(block));
      if (!points) return;
      budget.take(points.times.length);
      tails.get(block.stream)!.push(points);
    });
    return tails;
  }

  function pointsOf({ id, stream, count, bytes }: ChunkRow, budget: Budget): Columns | undefined {
    budget.take(count);
    return read(nameOf(id, stream), () => openPayload(bytes));
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
        const addRow = (row: ChunkRow) => {
          const into = parts.get(row.stream)!;
          if (row.isRaw) return into.addPoints(pointsOf(row, question.budget) ?? nothing);
          const rollup = read(nameOf(row.id, row.stream), () =>
            openRollup(row.bytes, level === 'hours' ? HOUR : MINUTE),
          );
          if (!rollup) return;
          question.budget.take(ROW_COST + rollup.t.length);
          into.addRollup(row.tMin, rollup);
        };
        const hulls = [...parts].map(([stream, { hull }]): Tail => ({ stream, ...hull }));
        const readChunks = (some: Tail[], range: Range) =>
          stored.rollups(
            some,
            { ...range, intervalMs, level },
            { rows: (rows) => rows.forEach(addRow), whole: (stream, chunks) => parts.get(stream)!.addWhole(chunks) },
          );
        const plan = level === 'hours' ? await planOf(stored, hulls, { from, to }) : [{ tails: hulls, run: undefined }];
        const unreadable: StreamMonth[] = [];
        for (const { tails, run } of plan) {
          for (const range of around(run, { from, to })) await readChunks(tails, range);
          if (!run) continue;
          const streams = tails.map(({ stream }) => stream);
          await stored.months(streams, run, ({ stream, month, hours }) => {
            const rollup = read(`month ${month} of stream ${stream}`, () => openRollup(hours, HOUR));
            if (rollup) parts.get(stream)!.addRollup(month, coarsen([rollup], intervalMs));
            else unreadable.push({ stream, month });
          });
        }
        for (const { stream, month } of unreadable) {
          const tail = hulls.find((hull) => hull.stream === stream)!;
          await readChunks([tail], { from: month, to: lastBefore(monthAfter(month)) });
        }
        const rollups = new Map([...parts].map(([id, part]) => [id, part.toRollup()]));
        return { position: stored.position, rollups };
      }, signal),
  };
}

export type ReadHistory = ReturnType<typeof createHistory>;

/** Streams that are told by the hours of the same months, from `start` to `end`, and by chunks around them. */
type Plan = { tails: Tail[]; run: { start: number; end: number } | undefined };

/** Months that the journal is newer than, or that are not put together yet, are read from chunks. */
async function planOf(stored: Snapshot, tails: Tail[], { from, to }: Range): Promise<Plan[]> {
  const months = monthsWithin(from, to);
  if (months.length === 0) return [{ tails, run: undefined }];
  const streams = tails.map(({ stream }) => stream);
  const open = new Map(
    tails.map(({ stream, ...hull }) => [stream, new Set(months.filter((month) => touches(month, hull)))]),
  );
  for (const { stream, month } of await stored.openMonths(streams, months)) open.get(stream)!.add(month);
  const plans = new Map<string, Plan>();
  for (const tail of tails) {
    const run = longestRun(months, open.get(tail.stream)!);
    const plan = plans.get(`${run?.start} ${run?.end}`);
    if (plan) plan.tails.push(tail);
    else plans.set(`${run?.start} ${run?.end}`, { tails: [tail], run });
  }
  return [...plans.values()];
}

function touches(month: number, { from, to }: Range): boolean {
  return from < monthAfter(month) && to >= month;
}

/** What is left of a range before and after a run of months, the earlier part first. */
function around(run: Plan['run'], { from, to }: Range): Range[] {
  if (!run) return [{ from, to }];
  const parts = [
    { from, to: lastBefore(run.start) },
    { from: run.end, to },
  ];
  return parts.filter((part) => part.from <= part.to);
}

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
