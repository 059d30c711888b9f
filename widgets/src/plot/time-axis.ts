import { timeTicks as roundTimes } from 'd3-time';
import type { Extent, Tick } from './value-axis.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** From the middle of a label to the next, in widths of a label. */
const LABEL_DISTANCE = 1.45;

// The words of the reader's own language; making a formatter is slow, using it is not.
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

/** Round moments of a window in local time, and what stands below them: as many as keep a distance from each other. */
export function timeTicks([from, to]: Extent, width: number, measure: (label: string) => number): Tick[] {
  for (let count = width / 60; ; count *= 0.7) {
    const dates = roundTimes(new Date(from), new Date(to), Math.max(2, count));
    const step = dates.length > 1 ? Number(dates[1]) - Number(dates[0]) : to - from;
    // Labels of one axis are about equally wide.
    const wide = measure(labelOf(dates.at(-1) ?? new Date(to), step)) * LABEL_DISTANCE;
    if (count > 2 && (step / (to - from)) * width < wide) continue;
    return dates.map((date) => ({ at: date.getTime(), label: labelOf(date, step) }));
  }
}

/** A moment in full, for crosshair and table: as exact as the window needs. */
export function formatTime(time: number, span: number): string {
  const date = new Date(time);
  if (span > DAY) return `${days(date)} ${minutes(date)}`;
  return (span < 10 * SECOND ? millis : seconds)(date);
}

function labelOf(date: Date, step: number): string {
  if (step >= 27 * DAY) return months(date);
  // Midnight is named by its day.
  if (step >= DAY || (step >= MINUTE && date.getHours() === 0 && date.getMinutes() === 0)) return days(date);
  if (step >= MINUTE) return minutes(date);
  return (step >= SECOND ? seconds : millis)(date);
}
