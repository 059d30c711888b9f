import { parseDuration } from '@quantumflux/sdk/protocol';

/** The attributes of a chart or stat that can be wrong. */
type Attributes = { stream: string; window: string; kind?: string; min?: number | null; max?: number | null };

export type Settings = {
  readonly stream: string;
  /** Length of the window, in ms. */
  readonly span: number;
  /** The same as history is asked for. */
  readonly from: string;
  readonly kind: 'line' | 'area';
  readonly min: number | undefined;
  readonly max: number | undefined;
};

/** A sentence: what is wrong, and what to write instead. */
export type Mistake = { readonly mistake: string };

const DAY_MS = 86_400_000;
const LONGEST_MS = 366 * DAY_MS;

/** What the attributes mean. */
export function readSettings({ stream, window, kind = 'line', min, max }: Attributes): Settings | Mistake {
  if (!stream.trim()) return { mistake: 'No stream is named. Write for example stream="host.cpu.load".' };
  const span = readSpan(window);
  if (typeof span !== 'number') return span;
  if (kind !== 'line' && kind !== 'area') {
    return { mistake: `kind="${kind}" is not a kind of chart; write kind="line" or kind="area".` };
  }
  for (const [name, end] of Object.entries({ min, max })) {
    if (Number.isNaN(end)) return { mistake: `${name} is not a number; write for example ${name}="100".` };
  }
  if (min != null && max != null && min >= max) return { mistake: `min="${min}" is not below max="${max}".` };
  return { stream, span, from: `-${window.trim()}`, kind, min: min ?? undefined, max: max ?? undefined };
}

function readSpan(window: string): number | Mistake {
  try {
    const span = parseDuration(window.trim());
    if (span >= 1_000 && span <= LONGEST_MS) return span;
    return { mistake: `window="${window}" is out of range; write a length between 1s and 366d.` };
  } catch {
    return { mistake: `window="${window}" is not a length of time; write for example 30s, 15m or 1h30m.` };
  }
}
