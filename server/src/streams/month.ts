import { DAY } from './downsample.ts';

/** A UTC month of a stream, by its start in ms. */
export type StreamMonth = { stream: number; month: number };

// Times of points may be anything; months are made for those that a calendar is used for.
const FIRST = Date.UTC(1970, 0, 1);
const LAST = Date.UTC(2200, 0, 1);

/** How long after its end a month counts as over: clocks of servers differ, and late points come. */
const GRACE = 2 * DAY;

/** The start of the UTC month of a time, in ms; undefined before 1970 and after 2199. */
export function monthOf(time: number): number | undefined {
  if (time < FIRST || time >= LAST) return undefined;
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** The start of the month after one that starts at `month`. */
export function monthAfter(month: number): number {
  const date = new Date(month);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

/** All months that lie wholly between two times, inclusive, in ms, oldest first. */
export function monthsWithin(from: number, to: number): number[] {
  const months: number[] = [];
  const first = monthOf(Math.max(from, FIRST));
  if (first === undefined) return months;
  for (let month = first < from ? monthAfter(first) : first; ; month = monthAfter(month)) {
    // Points may have times between two ms: only what starts after the month is out of it.
    if (monthAfter(month) > Math.min(to, LAST)) return months;
    months.push(month);
  }
}

/** The longest row of months of which none is `open`, from the first one's start to where the last one ends. */
export function longestRun(months: number[], open: ReadonlySet<number>): { start: number; end: number } | undefined {
  let longest: number[] = [];
  let run: number[] = [];
  for (const month of months) {
    if (open.has(month)) run = [];
    else run.push(month);
    if (run.length > longest.length) longest = run;
  }
  return longest.length > 0 ? { start: longest[0]!, end: monthAfter(longest.at(-1)!) } : undefined;
}

/** The last time before another that a number can hold. */
export function lastBefore(time: number): number {
  if (time === 0) return -Number.MIN_VALUE;
  const number = Float64Array.of(time);
  const bits = new BigInt64Array(number.buffer);
  bits[0]! -= time > 0 ? 1n : -1n;
  return number[0]!;
}

/** Months before this one are put together. */
export function firstOpenMonth(now = Date.now()): number {
  return monthOf(now - GRACE)!;
}

/** Whether a month may have been put together already, on whatever server. */
export function isOver(month: number, now = Date.now()): boolean {
  return monthAfter(month) < now;
}
