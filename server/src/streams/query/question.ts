import {
  formatDuration,
  MAX_WIDTH,
  parseDuration,
  QuantumFluxError,
  resolveTime,
  type QueryFunction,
  type TimeInput,
} from '@quantumflux/sdk/protocol';
import { intervalAcross } from '../downsample.ts';
import type { Range } from '../snapshot.ts';
import type { Grid } from './grid.ts';

/** What is asked of streams: a picture of their points, or functions of them on a grid. */
export type Question =
  | { is: 'picture'; range: Range; width: number }
  | { is: 'functions'; grid: Grid; fns: QueryFunction[]; by: string[] | undefined };

/** A question as it comes in. */
export type Asked = {
  from: TimeInput;
  to: TimeInput;
  width: number;
  fn?: QueryFunction[] | undefined;
  by?: string[] | undefined;
  step?: string | undefined;
};

/** The end of an interval as a time in it. */
const JUST_BEFORE_MS = 0.001;

/**
 * What is meant, at this moment. Functions are of whole intervals, so their range is widened to those that it touches.
 * Pictures begin and end where it was said; but times that move with the clock move by intervals, so that all who look at
 * the last hour within the same pixel ask the same.
 */
export function questionOf({ from, to, width, fn: fns, by, step }: Asked, now: number): Question {
  const range = { from: at('from', () => resolveTime(from, now)), to: at('to', () => resolveTime(to, now)) };
  if (range.from >= range.to) throw new QuantumFluxError('invalid_input', 'from must be before to.', { path: 'from' });
  if (fns) {
    if (fns.length === 0) throw new QuantumFluxError('invalid_input', 'fn: names no function.', { path: 'fn' });
    const stepMs = step === undefined ? intervalAcross(range, width) : at('step', () => stepOf(step, range));
    return { is: 'functions', grid: gridOf(range, stepMs), fns, by };
  }
  for (const [path, value] of Object.entries({ by, step })) {
    if (value !== undefined)
      throw new QuantumFluxError('invalid_input', `${path}: has a meaning with fn only.`, { path });
  }
  const intervalMs = intervalAcross(range, width);
  const moves = (time: TimeInput) => resolveTime(time, now) !== resolveTime(time, now + 1);
  if (moves(from)) range.from = Math.floor(range.from / intervalMs) * intervalMs;
  if (moves(to)) range.to = (Math.floor(range.to / intervalMs) + 1) * intervalMs - JUST_BEFORE_MS;
  return { is: 'picture', range, width };
}

/** Runs what reads one field of the input; a mistake in it is told with the field's name. */
export function at<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof QuantumFluxError) || error.path !== undefined) throw error;
    throw new QuantumFluxError(error.code, error.message, { path, cause: error });
  }
}

function stepOf(step: string, { from, to }: Range): number {
  const stepMs = parseDuration(step);
  if (!Number.isInteger(stepMs)) throw new QuantumFluxError('invalid_input', 'step: must be whole milliseconds.');
  const intervals = (to - from) / stepMs;
  if (intervals <= MAX_WIDTH) return stepMs;
  throw new QuantumFluxError(
    'too_large',
    `The range has ${Math.ceil(intervals)} intervals of ${formatDuration(stepMs)}; ${MAX_WIDTH} is the most. Ask for longer ones.`,
  );
}

function gridOf({ from, to }: Range, stepMs: number): Grid {
  const first = Math.floor(from / stepMs);
  // What begins at `to` is not asked for.
  return { stepMs, first, count: Math.ceil(to / stepMs) - first };
}
