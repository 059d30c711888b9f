import { formatTime } from '../plot/time-axis.ts';

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A length of time as a person says it: `5 minutes`, `1 hour 30 minutes`. */
export function spanInWords(ms: number): string {
  let rest = ms;
  const parts: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}${count > 1 ? 's' : ''}`);
  }
  return parts.length > 0 ? parts.join(' ') : `${ms} milliseconds`;
}

/** How long ago, in few letters: `12 s ago`, `3 min ago`. */
export function agoInWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7_200 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3_600)} h ago`;
}

/** What happened to a picture: `12 points left out at 12:00:03`. `span`: of the window, in ms. */
export function lapseInWords({ points, at }: { points: number; at: number }, span: number): string {
  const what = points > 0 ? `${points} point${points > 1 ? 's' : ''} left out` : 'Loaded anew';
  return `${what} at ${formatTime(at, span)}`;
}

/** Text within a sentence, cut where it would be too long to read. */
export function quoted(text: string): string {
  return `“${text.length > 80 ? `${text.slice(0, 79)}…` : text}”`;
}
