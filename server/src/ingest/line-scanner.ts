/** A mistake in one line. The other lines are still good. */
export class LineError extends Error {}

export const byte = {
  newline: 10,
  return: 13,
  space: 32,
  quote: 34,
  hash: 35,
  plus: 43,
  comma: 44,
  minus: 45,
  dot: 46,
  zero: 48,
  nine: 57,
  equals: 61,
  backslash: 92,
} as const;

/** Decimals of at most this many digits are exact when two integers are divided (Clinger, PLDI 1990). */
const EXACT_DIGITS = 15;

/** An integer of so many digits is small for the machine. */
const SMALL_DIGITS = 9;
const powersOfTen = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);

/** How timestamps become ms: the last digits that are left out, then a factor and a divisor. */
export type Precision = { drop: number; multiply: number; divide: number };

/** Microseconds are what a float64 of ms keeps in our century, so of nanoseconds the last three digits are left out. */
export const precisions: Readonly<Record<string, Precision>> = {
  ns: { drop: 3, multiply: 1, divide: 1_000 },
  us: { drop: 0, multiply: 1, divide: 1_000 },
  ms: { drop: 0, multiply: 1, divide: 1 },
  s: { drop: 0, multiply: 1_000, divide: 1 },
  // What v1 calls them.
  n: { drop: 3, multiply: 1, divide: 1_000 },
  u: { drop: 0, multiply: 1, divide: 1_000 },
  m: { drop: 0, multiply: 60_000, divide: 1 },
  h: { drop: 0, multiply: 3_600_000, divide: 1 },
};

const booleans: ReadonlyMap<string, number> = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((text) => [text, 1] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((text) => [text, 0] as const),
]);

/** Reads numbers from the bytes of line protocol. The bytes end with a newline, so that no loop asks for the end. */
export class LineScanner {
  readonly bytes: Buffer;
  at = 0;

  constructor(body: Buffer) {
    this.bytes = body.at(-1) === byte.newline ? body : Buffer.concat([body, Buffer.of(byte.newline)]);
  }

  /** A number with its suffix, `1.5`, `-2e9`, `3i`, `3u`. */
  number(): number {
    const { bytes, at: start } = this;
    let at = start;
    if (bytes[at] === byte.minus || bytes[at] === byte.plus) at++;
    let mantissa = 0;
    let digits = 0;
    let decimals = 0;
    for (let c = bytes[at]!; c >= byte.zero && c <= byte.nine; c = bytes[++at]!, digits++) {
      mantissa = mantissa * 10 + (c - byte.zero);
    }
    if (bytes[at] === byte.dot) {
      for (let c = bytes[++at]!; c >= byte.zero && c <= byte.nine; c = bytes[++at]!, decimals++) {
        mantissa = mantissa * 10 + (c - byte.zero);
      }
    }
    if (digits + decimals === 0) throw new LineError('invalid number');
    const whole = at;
    if ((bytes[at]! | 32) === 101) at = this.#exponentEnd(at);
    let value: number;
    if (at > whole || digits + decimals > EXACT_DIGITS) value = Number(bytes.toString('latin1', start, at));
    else {
      value = decimals === 0 ? mantissa : mantissa / powersOfTen[decimals]!;
      if (bytes[start] === byte.minus) value = -value;
    }
    const suffix = bytes[at];
    if (suffix === 105 || suffix === 117) {
      if (at > whole || bytes[whole - 1] === byte.dot || decimals > 0) throw new LineError('invalid integer');
      if (suffix === 117 && bytes[start] === byte.minus) throw new LineError('invalid unsigned integer');
      at++;
    }
    if (!Number.isFinite(value)) throw new LineError('number out of range');
    this.at = at;
    return value;
  }

  /** `t`, `true`, `F`, … as 1 and 0. */
  boolean(): number {
    const { bytes, at: start } = this;
    let at = start;
    while ((bytes[at]! | 32) >= 97 && (bytes[at]! | 32) <= 122) at++;
    const value = booleans.get(bytes.toString('latin1', start, at));
    if (value === undefined) throw new LineError('invalid field value');
    this.at = at;
    return value;
  }

  /** A timestamp as ms since the epoch. Integers beyond 2^53 lose nothing: what is left out, is so before. */
  time({ drop, multiply, divide }: Precision): number {
    const { bytes, at: begin } = this;
    const isNegative = bytes[begin] === byte.minus;
    const start = isNegative ? begin + 1 : begin;
    let end = start;
    while (bytes[end]! >= byte.zero && bytes[end]! <= byte.nine) end++;
    if (end === start) throw new LineError('invalid timestamp');
    this.at = end;
    // In two halves of small integers, which are added quicker than one large number.
    const last = end - drop;
    const middle = Math.min(start + SMALL_DIGITS, last);
    const split = Math.min(middle + SMALL_DIGITS, last);
    let high = 0;
    let low = 0;
    for (let i = start; i < middle; i++) high = high * 10 + (bytes[i]! - byte.zero);
    for (let i = middle; i < split; i++) low = low * 10 + (bytes[i]! - byte.zero);
    let value = split > middle ? high * powersOfTen[split - middle]! + low : high;
    for (let i = split; i < last; i++) value = value * 10 + (bytes[i]! - byte.zero);
    return ((isNegative ? -value : value) * multiply) / divide;
  }

  /** Moves behind a quoted text, which may have newlines. */
  skipText(): void {
    const { bytes } = this;
    for (let at = this.at + 1; at < bytes.length; at++) {
      if (bytes[at] === byte.backslash) at++;
      else if (bytes[at] === byte.quote) {
        this.at = at + 1;
        return;
      }
    }
    throw new LineError('unbalanced quotes');
  }

  skipSpaces(): void {
    while (this.bytes[this.at] === byte.space) this.at++;
  }

  #exponentEnd(at: number): number {
    const { bytes } = this;
    at++;
    if (bytes[at] === byte.minus || bytes[at] === byte.plus) at++;
    const start = at;
    while (bytes[at]! >= byte.zero && bytes[at]! <= byte.nine) at++;
    if (at === start) throw new LineError('invalid number');
    return at;
  }
}
