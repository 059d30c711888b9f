import type { Extent, Tick } from './value-axis.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From the middle of a label to the next, in widths of a label. */
const LABEL_DISTANCE = 1.45;

/** Places of a date, as its constructor takes them. */
const [YEARS, MONTHS, DAYS, HOURS, MINUTES, SECONDS, MILLIS] = [0, 1, 2, 3, 4, 5, 6];

/** A distance between ticks: how many of which place of the date, and about how long one of them is, in ms. */
export type Step = readonly [count: number, place: number, ms: number];

const every = (counts: number[], place: number, ms: number): Step[] => counts.map((count) => [count, place, ms]);

/** From short to long. */
const steps = [
  ...every([100, 200, 500], MILLIS, 1),
  ...every([1, 5, 15, 30], SECONDS, SECOND),
  ...every([1, 5, 15, 30], MINUTES, MINUTE),
  ...every([1, 3, 6, 12], HOURS, HOUR),
  ...every([1, 2, 7], DAYS, DAY),
  ...every([1, 3], MONTHS, 30 * DAY),
  ...every([1], YEARS, 365 * DAY),
];

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

/** The shortest distance between ticks at which their labels keep apart, for a window of `span` ms. */
export function timeStep(span: number, width: number, measure: (label: string) => number): Step {
  const now = new Date();
  const fits = ([count, , ms]: Step) =>
    ((count * ms) / span) * width > measure(labelOf(now, count * ms)) * LABEL_DISTANCE;
  return steps.find(fits) ?? steps.at(-1)!;
}

/** Round moments of a window in local time, and what stands below them. (d3's scaleTime would cost 4 KB more.) */
export function timeTicks([from, to]: Extent, [count, place, ms]: Step): Tick[] {
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
