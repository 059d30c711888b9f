import { type Columns } from '@quantumflux/sdk/protocol';
import { firstAtOrAfter } from './columns.ts';
import { DAY } from './downsample.ts';

/** Points of one stream and one UTC day, ascending. `day` is its start, in ms. */
export type Piece = { stream: number; day: number; columns: Columns };

/** The start of the UTC day of a time, in ms. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY) * DAY;
}

/** One piece for every UTC day that the ascending points touch. */
export function piecesByDay(stream: number, { times, values }: Columns): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < times.length;) {
    const day = dayOf(times[start]!);
    const end = Math.max(start + 1, firstAtOrAfter(times, day + DAY));
    const columns = { times: times.subarray(start, end), values: values.subarray(start, end) };
    pieces.push({ stream, day, columns });
    start = end;
  }
  return pieces;
}

/** As few pieces of about equal length as there may be, none with more than `maxPoints`. */
export function splitEvenly({ times, values }: Columns, maxPoints: number): Columns[] {
  const pieces = Math.ceil(times.length / maxPoints);
  return Array.from({ length: pieces }, (_, i) => {
    const [start, end] = [i, i + 1].map((part) => Math.round((part * times.length) / pieces));
    return { times: times.subarray(start, end), values: values.subarray(start, end) };
  });
}
