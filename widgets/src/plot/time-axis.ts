import type { Extent, Tick } from './value-axis.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From the middle of a label to the next, in widths of a label. */
const LABEL_DISTANCE = 1.45;

/** Places of a date, as its constructor takes them. */
const [YEARS, MONTHS, DAYS, HOURS, MINUTES, SECONDS, MILLIS] = [0, 1, 2, 3, 4, 5, 6];

/** Distances between ticks from short to long: how many of which place, and about how long that is, in ms. */
const steps = [
  ...[100, 200, 500].map((count) => [count, MILLIS, 1]),
  ...[1, 5, 15, 30].map((count) => [count, SECONDS, SECOND]),
  ...[1, 5, 15, 30].map((count) => [count, MINUTES, MINUTE]),
  ...[1, 3, 6, 12].map((count) => [count, HOURS, HOUR]),
  ...[1, 2, 7].map((count) => [count, DAYS, DAY]),
  ...[1, 3].map((count) => [count, MONTHS, 30 * DAY]),
  [1, YEARS, 365 * DAY],
] as [count: number, place: number, ms: number][];

// The words of the reader's own language. Making a formatter is slow, using it is not.
const formatter = (options: Intl.DateTimeFormatOptions) => {
  const { format } = new Intl.DateTimeFormat(undefined, { hourCycle: 'h23', ...options });
  return (date: Date) => format(date);
};
const clock = { hour: '2-digit', minute: '2-digit' } as const;
const millis = formatter({ ...clock, second: '2-digit', fractionalSecondDigits: 3 });
const seconds = formatter({ ...clock, second: '2-digit' });
const minutes = formatter(clock);
const days = formatter({ day: 'numeric', month: 'short' });
const months = formatter({ month: 'short', year: 'numeric' });

/**
 * Round moments of a window in local time, and what stands below them: as many as keep a distance from each other.
 * (A scaleTime of d3 would do the same for 4 KB more.)
 */
export function timeTicks([from, to]: Extent, width: number, measure: (label: string) => number): Tick[] {
  const fits = ([count, , ms]: (typeof steps)[number]) =>
    ((count * ms) / (to - from)) * width > measure(labelOf(new Date(to), count * ms)) * LABEL_DISTANCE;
  const [count, place, ms] = steps.find(fits) ?? steps.at(-1)!;
  return moments(from, to, count, place).map((date) => ({ at: date.getTime(), label: labelOf(date, count * ms) }));
}

/** A moment in full, for crosshair and table: as exact as the window needs. */
export function formatTime(time: number, span: number): string {
  const date = new Date(time);
  if (span > DAY) return `${days(date)} ${minutes(date)}`;
  return (span < 10 * SECOND ? millis : seconds)(date);
}

/** Every `count`-th of a place of the date, as clocks on the wall show it. */
function moments(from: number, to: number, count: number, place: number): Date[] {
  const date = new Date(from);
  const start = [
    date.getFullYear(),
    date.getMonth(),
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
    0,
  ];
  const first = place === DAYS ? 1 : 0;
  start[place]! -= (start[place]! - first) % count;
  const parts = start.map((value, i) => (i <= place ? value : i === DAYS ? 1 : 0)) as [number, number];
  const found: Date[] = [];
  for (; ; parts[place]! += count) {
    const moment = new Date(...parts);
    if (!(moment.getTime() <= to)) return found;
    // When the clocks are changed, two readings of them may be the same moment.
    if (moment.getTime() >= from && moment.getTime() !== found.at(-1)?.getTime()) found.push(moment);
  }
}

function labelOf(date: Date, step: number): string {
  if (step >= 27 * DAY) return months(date);
  // Midnight is named by its day.
  if (step >= DAY || (step >= MINUTE && date.getHours() === 0 && date.getMinutes() === 0)) return days(date);
  if (step >= MINUTE) return minutes(date);
  return (step >= SECOND ? seconds : millis)(date);
}
