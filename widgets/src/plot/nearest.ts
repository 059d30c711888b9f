import { bisectLeft } from 'd3-array';
import type { Columns } from './columns.ts';

/** Index of the point nearest in time, of two equally near ones the earlier; -1 when there is none. */
export function nearest({ times, length }: Columns, time: number): number {
  if (length === 0) return -1;
  const after = bisectLeft(times, time, 0, length);
  if (after === 0) return 0;
  if (after === length) return length - 1;
  return time - times[after - 1]! <= times[after]! - time ? after - 1 : after;
}

/** The time of the next point of any of the series, looking forwards or backwards; undefined at the end. */
export function neighbourTime(all: readonly Columns[], time: number, direction: 1 | -1): number | undefined {
  let found: number | undefined;
  for (const { times, length } of all) {
    const at = bisectLeft(times, time, 0, length);
    // Forwards, points of exactly this time are passed over.
    let index = direction < 0 ? at - 1 : at;
    while (direction > 0 && index < length && times[index] === time) index++;
    const candidate = index >= 0 && index < length ? times[index]! : undefined;
    if (candidate === undefined) continue;
    if (found === undefined || (candidate - found) * direction < 0) found = candidate;
  }
  return found;
}
