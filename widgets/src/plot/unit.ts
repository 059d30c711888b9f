import { format } from 'd3-format';

/** How values of a unit are written at some size: divided by `factor`, with at most so many decimals, then `suffix`. */
export type DisplayUnit = { readonly factor: number; readonly suffix: string; readonly decimals: number };

/** From small to large; a value takes the largest step that is not larger than itself. */
type Ladder = readonly DisplayUnit[];

const step = (factor: number, suffix: string, decimals = Infinity): DisplayUnit => ({ factor, suffix, decimals });

const binary = (symbol: string): Ladder =>
  ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'].map((prefix, i) => step(1024 ** i, ` ${prefix}${symbol}`));

const thousands = (symbol: string): Ladder =>
  ['', 'k', 'M', 'G', 'T'].map((prefix, i) => step(1000 ** i, `${prefix}${symbol}`));

const metric = (symbol: string): Ladder => [
  ...['n', 'µ', 'm'].map((prefix, i) => step(1000 ** (i - 3), ` ${prefix}${symbol}`)),
  ...['', 'k', 'M', 'G', 'T'].map((prefix, i) => step(1000 ** i, ` ${prefix}${symbol}`)),
];

// Up to two minutes are better said in seconds.
const seconds: Ladder = [...metric('s').slice(0, 4), step(60, ' min'), step(3_600, ' h'), step(86_400, ' d')];
const time = (unitsPerSecond: number): Ladder =>
  seconds.map((each) => ({ ...each, factor: each.factor * unitsPerSecond }));

const ladders = new Map<string, Ladder>();
const known = (names: string, ladder: Ladder) => names.split(' ').forEach((name) => ladders.set(name, ladder));

known('percent %', [step(1, '%', 1)]);
known('bytes byte By B', binary('B'));
known('bytes/s By/s B/s', binary('B/s'));
known('bits bit', metric('bit').slice(3));
known('bits/s bit/s bps', metric('bit/s').slice(3));
known('seconds second s', time(1));
known('milliseconds ms', time(1e3));
known('microseconds us µs', time(1e6));
known('nanoseconds ns', time(1e9));
known('celsius °C Cel', [step(1, ' °C', 1)]);
known('fahrenheit °F', [step(1, ' °F', 1)]);
known('watts W', metric('W'));
known('volts V', metric('V'));
known('amperes A', metric('A'));
known('hertz Hz', metric('Hz'));

/** How values of about this magnitude are written. A unit that we do not know is a word: `12.3k requests/s`. */
export function displayUnit(unit: string | null, magnitude: number): DisplayUnit {
  const name = unit && unit !== '1' && unit !== 'none' ? unit : '';
  const ladder = ladders.get(name) ?? thousands(name && ` ${name}`);
  const own = ladder.find(({ factor }) => Math.abs(factor - 1) < 1e-9)!;
  return magnitude === 0 ? own : (ladder.findLast(({ factor }) => factor <= magnitude * (1 + 1e-9)) ?? ladder[0]!);
}

/** A value in three digits, and its unit: `37.2%`, `1.40 GiB`, `12.3k`. */
export function formatValue(value: number, unit: string | null): string {
  return formatParts(value, unit).join('');
}

/** The same in up to six digits, for who reads it rather than sees it: `37.25%`, `1.40234 GiB`. */
export function formatExactly(value: number, unit: string | null): string {
  const { factor, suffix } = displayUnit(unit, Math.abs(value));
  return format(',.6~r')(value / factor) + suffix;
}

/** Three digits in two parts, so that the unit may look different. */
export function formatParts(value: number, unit: string | null): [digits: string, suffix: string] {
  const { factor, suffix, decimals } = displayUnit(unit, Math.abs(value));
  return [threeDigits(value / factor, decimals), suffix];
}

function threeDigits(value: number, mostDecimals: number): string {
  if (Number.isInteger(value)) return format(',')(value);
  const leading = Math.floor(Math.log10(Math.abs(value)));
  if (leading < -6) return format('.3~g')(value);
  // What is smaller than one keeps its digits, whatever its unit: 0.05%.
  const decimals = Math.max(0, Math.min(2 - leading, leading < 0 ? Infinity : mostDecimals));
  return format(`,.${decimals}f`)(value);
}
