import {
  formatDuration,
  MAX_QUERY_NUMBERS,
  QuantumFluxError,
  type Columns,
  type Position,
} from '@quantumflux/sdk/protocol';
import { MINUTE } from '../downsample.ts';
import type { ReadHistory } from '../history.ts';
import { createPacer } from '../pacer.ts';
import { readForWidth, type Drawable } from '../pixels.ts';
import { olderOf } from '../position.ts';
import type { Rollup } from '../rollup.ts';
import type { Range } from '../snapshot.ts';
import { metaOf, type Stream } from '../stream.ts';
import { Cells, looksBack, needsPoints } from './cells.ts';
import { startsOf } from './grid.ts';
import { groupsOf } from './groups.ts';
import type { Question } from './question.ts';
import type { AnsweredSeries } from './series.ts';

/** What was read, and the position that is in it at least. */
export type Read = { position: Position; series: AnsweredSeries[] };

/** How long before the first interval the point may be from which its rise is counted; or an interval, if that is longer. */
const LOOK_BACK_MS = 5 * MINUTE;

/** Which times a question is about: only points of these can change its answer. */
export function rangeOf(question: Question): Range {
  if (question.is === 'picture') return question.range;
  const { stepMs, first, count } = question.grid;
  const before = question.fns.some(looksBack) ? Math.max(stepMs, LOOK_BACK_MS) : 0;
  return { from: first * stepMs - before, to: (first + count) * stepMs };
}

/** Answers a question about streams. */
export function read(history: ReadHistory, streams: Stream[], question: Question, signal?: AbortSignal): Promise<Read> {
  return question.is === 'picture'
    ? readPicture(history, streams, question, signal)
    : readFunctions(history, streams, question, signal);
}

async function readPicture(
  history: ReadHistory,
  streams: Stream[],
  { range, width }: Question & { is: 'picture' },
  signal: AbortSignal | undefined,
): Promise<Read> {
  const ids = streams.map(({ id }) => id);
  const { position, drawn } = await readForWidth(history, ids, { ...range, width, ...(signal && { signal }) });
  const series = streams.map((stream) => pictureOf(stream, drawn.get(stream.id)!));
  checkSize(series.reduce((sum, { columns }) => sum + columns.length * columns[0]![1].length, 0));
  return { position, series };
}

function pictureOf(stream: Stream, drawn: Drawable): AnsweredSeries {
  const { id: _, ...meta } = metaOf(stream);
  if (drawn.is === 'points') {
    const { times, values } = drawn.columns;
    return { meta, resolution: 'raw', columns: Object.entries({ t: times, v: values }) };
  }
  const { t, min, max, first, last, sum, count } = drawn.rollup;
  const avg = sum.map((each, i) => each / count[i]!);
  const columns = Object.entries({ t, min, max, first, last, avg, count });
  return { meta, resolution: formatDuration(drawn.intervalMs), columns };
}

async function readFunctions(
  history: ReadHistory,
  streams: Stream[],
  question: Question & { is: 'functions' },
  signal: AbortSignal | undefined,
): Promise<Read> {
  const { grid, fns, by } = question;
  const groups = groupsOf(streams, by);
  checkSize(groups.length * grid.count * (fns.length + 1));
  const sources = await sourcesOf(history, streams, question, signal);
  const t = startsOf(grid);
  const turn = createPacer();
  const pace = async () => {
    await turn();
    signal?.throwIfAborted();
  };
  const series: AnsweredSeries[] = [];
  for (const { meta, members } of groups) {
    const cells = new Cells(grid, fns);
    for (const { id, kind } of members) {
      const points = sources.points.get(id);
      if (points) await cells.addPoints(points, kind, pace);
      else cells.addRollup(sources.rollups.get(id)!);
      await pace();
    }
    series.push({ meta, resolution: formatDuration(grid.stepMs), columns: [['t', t], ...(await cells.columns(pace))] });
  }
  return { position: sources.position, series };
}

type Sources = { position: Position; points: Map<number, Columns>; rollups: Map<number, Rollup> };

/** The points of those streams that are asked for what only points tell, the statistics of the others. */
async function sourcesOf(
  { history, summary }: ReadHistory,
  streams: Stream[],
  question: Question & { is: 'functions' },
  signal: AbortSignal | undefined,
): Promise<Sources> {
  const { grid, fns, by } = question;
  const { from, to } = rangeOf(question);
  const isGrouped = by !== undefined;
  // Chunks know whole minutes.
  const isRolledUp = grid.stepMs % MINUTE === 0;
  const isRead = ({ kind }: Stream) => !isRolledUp || fns.some((fn) => needsPoints(fn, kind, { isGrouped }));
  const idsOf = (some: Stream[]) => some.map(({ id }) => id);
  const [byPoints, byRollup] = [streams.filter(isRead), streams.filter((stream) => !isRead(stream))];
  if (byRollup.length === 0) {
    const { position, columns } = await history(idsOf(byPoints), from, to, signal);
    return { position, points: columns, rollups: new Map() };
  }
  const { position, rollups } = await summary(idsOf(byRollup), { from, to, intervalMs: grid.stepMs }, signal);
  if (byPoints.length === 0) return { position, points: new Map(), rollups };
  const points = await history(idsOf(byPoints), from, to, signal);
  return { position: olderOf(position, points.position), points: points.columns, rollups };
}

function checkSize(numbers: number): void {
  if (numbers <= MAX_QUERY_NUMBERS) return;
  throw new QuantumFluxError(
    'too_large',
    `The answer would have ${numbers.toLocaleString('en')} numbers; ${MAX_QUERY_NUMBERS.toLocaleString('en')} is the most. Ask for less width, longer intervals or fewer streams.`,
  );
}
