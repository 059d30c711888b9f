import { bisectLeft } from 'd3-array';
import type { Columns, Slice } from './columns.ts';

/** Index of the point of a slice that is nearest in time, of two equally near ones the earlier; -1 when it is empty. */
export function nearest({ times }: Columns, time: number, { start, end }: Slice): number {
  if (start >= end) return -1;
  const after = bisectLeft(times, time, start, end);
  if (after === start) return start;
  if (after === end) return end - 1;
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
