/** Over how many ms a rate is taken, with less weight the longer ago. */
const RATE_MS = 10_000;

/** How many samples percentiles are taken from. */
const SAMPLES = 512;

/** Counts, and tells how fast the count grows at the moment. Costs an addition when nobody asks. */
export class Meter {
  total = 0;
  #recent = 0;
  #at = 0;

  add(count: number, now = Date.now()): void {
    this.total += count;
    this.#recent = this.#fade(now) + count;
    this.#at = now;
  }

  perSecond(now = Date.now()): number {
    return (1_000 * this.#fade(now)) / RATE_MS;
  }

  #fade(now: number): number {
    return this.#recent * Math.exp((this.#at - now) / RATE_MS);
  }
}

/** The newest samples of something. */
export class Samples {
  readonly #ring = new Float64Array(SAMPLES);
  #count = 0;

  add(sample: number): void {
    this.#ring[this.#count++ % SAMPLES] = sample;
  }

  /** Half of the samples are not above `p50`, 99 of 100 not above `p99`; null when there are none. */
  percentiles(): { p50: number; p99: number } | null {
    const sorted = this.#ring.slice(0, this.#count).sort();
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!;
    return sorted.length === 0 ? null : { p50: at(0.5), p99: at(0.99) };
  }
}

/** What came over a connection. */
export class Traffic {
  readonly frames = new Meter();
  readonly bytes = new Meter();
  /** How often a connection was made. */
  opens = 0;
  /** How often it was taken over by another server without an interruption. */
  moves = 0;
  /** How long a question and its answer took, in ms, and when that was tried. */
  readonly roundTrip: { ms: number | null; at: number } = { ms: null, at: -Infinity };

  opened(how: 'opened' | 'moved'): void {
    if (how === 'moved') this.moves++;
    else this.opens++;
  }

  received(bytes: number): void {
    this.frames.add(1);
    this.bytes.add(bytes);
  }
}
