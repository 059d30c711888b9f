import { QuantumFluxError } from './error.ts';
import { MAX_TIME } from './limits.ts';
import type { TimeInput } from './points.ts';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

const isoTime = /^(\d{4}-\d{2}(?:-\d{2})?)(?:([T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** A length of time in words, `90s`, `15m`, `1h30m`, in ms. Units: ms s m h d w. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/gy)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text;
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit as keyof typeof unitMs], 0);
  if (!isWhole || ms === 0) {
    throw new QuantumFluxError(
      'invalid_input',
      `"${text}" is not a length of time; write for example 30s, 15m or 1h30m.`,
    );
  }
  return ms;
}

/** The same in the shortest words: 90000 is `90s`, 3600000 is `1h`. */
export function formatDuration(ms: number): string {
  const [unit, size] = Object.entries(unitMs).findLast(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

/**
 * The moment that is meant, in ms since the epoch. Relative times count from `now`; ISO 8601 without an offset is UTC.
 * Anything else is an `invalid_input` error.
 */
export function resolveTime(input: TimeInput, now: number): number {
  const time = typeof input === 'number' ? input : momentOf(input.trim(), now);
  if (Number.isFinite(time) && Math.abs(time) <= MAX_TIME) return time;
  throw new QuantumFluxError(
    'invalid_input',
    `"${input}" is not a time; write ms since the epoch, ISO 8601 (2026-11-22T10:00:00Z), now, or -15m.`,
  );
}

function momentOf(text: string, now: number): number {
  if (text === 'now') return now;
  if (text.startsWith('-') && /[a-z]$/.test(text)) return now - parseDuration(text.slice(1));
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  const [, date, clock = 'T00:00', offset = 'Z'] = isoTime.exec(text) ?? [];
  // Without an offset it is UTC: what a time means must not depend on where the server stands.
  return date === undefined
    ? Number.NaN
    : Date.parse(`${date}${clock.toUpperCase().replace(' ', 'T')}${offset.toUpperCase()}`);
}
