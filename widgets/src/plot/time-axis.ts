import { scaleTime } from 'd3-scale';
import { timeFormat } from 'd3-time-format';
import type { Extent, Tick } from './value-axis.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

const millis = timeFormat('%H:%M:%S.%L');
const seconds = timeFormat('%H:%M:%S');
const minutes = timeFormat('%H:%M');
const days = timeFormat('%-d %b');
const months = timeFormat('%b %Y');

/** Round moments of a window in local time, as many as have room, and what stands below them. */
export function timeTicks([from, to]: Extent, width: number): Tick[] {
  const dates = scaleTime([from, to], [0, 1]).ticks(Math.max(2, Math.floor(width / 100)));
  const step = dates.length > 1 ? Number(dates[1]) - Number(dates[0]) : to - from;
  return dates.map((date) => ({ at: date.getTime(), label: labelOf(date, step) }));
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
