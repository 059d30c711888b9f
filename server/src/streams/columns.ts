import type { Columns } from '@quantumflux/sdk/protocol';

/** One series of pieces, oldest written first: times ascending, and of points with an equal time the last written. */
export function mergeColumns(pieces: Columns[]): Columns {
  const joined = join(pieces);
  return isAscending(joined.times) ? joined : sortColumns(joined);
}

/** The points between two times, inclusive. The times must be ascending. */
export function clip({ times, values }: Columns, from: number, to: number): Columns {
  const start = firstAtOrAfter(times, from);
  const end = firstAfter(times, to);
  return { times: times.subarray(start, end), values: values.subarray(start, end) };
}

/** Index of the first time that is not before `time`. */
export function firstAtOrAfter(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAfter(times: Float64Array, time: number): number {
  let index = firstAtOrAfter(times, time);
  while (index < times.length && times[index] === time) index++;
  return index;
}

function join(pieces: Columns[]): Columns {
  if (pieces.length === 1) return pieces[0]!;
  const length = pieces.reduce((sum, { times }) => sum + times.length, 0);
  const [times, values] = [new Float64Array(length), new Float64Array(length)];
  let at = 0;
  for (const piece of pieces) {
    times.set(piece.times, at);
    values.set(piece.values, at);
    at += piece.times.length;
  }
  return { times, values };
}

/** Whether every time is later than the one before. */
export function isAscending(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if (times[i]! <= times[i - 1]!) return false;
  return true;
}

function sortColumns({ times, values }: Columns): Columns {
  const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b);
  const sorted: Columns = { times: new Float64Array(order.length), values: new Float64Array(order.length) };
  let length = 0;
  order.forEach((from, i) => {
    const next = order[i + 1];
    if (next !== undefined && times[next] === times[from]) return;
    sorted.times[length] = times[from]!;
    sorted.values[length++] = values[from]!;
  });
  return { times: sorted.times.subarray(0, length), values: sorted.values.subarray(0, length) };
}
