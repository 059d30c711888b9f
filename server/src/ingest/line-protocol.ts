import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { isUtf8 } from 'node:buffer';
import { BatchBuilder, type Place } from './batch-builder.ts';
import type { Reading, Refused } from './format.ts';
import { byte, LineError, LineScanner, type Precision } from './line-scanner.ts';
import { SeriesReader, type Series } from './line-series.ts';
import { isTime } from './point-batch.ts';

/** With more lines that are not in order, the body is something else than line protocol. */
const MAX_REFUSED_LINES = 1_000;

/** How much of a line is said back. */
const MAX_QUOTED_BYTES = 120;

/** The unit of timestamps, and what a line without one is of, in ms since the epoch. */
export type LineOptions = { precision: Precision; now: number };

/**
 * Reads line protocol of InfluxDB: `measurement,tag=value field=1.5 1763800000000000000`. Lines that are in order are
 * read, whatever the others are. Texts are skipped, booleans are 1 and 0.
 */
export function readLines(body: Buffer, options: LineOptions): Reading {
  if (!isUtf8(body)) throw new QuantumFluxError('invalid_input', 'The body is not UTF-8 text.');
  return new LineReader(body, options).read();
}

class LineReader {
  readonly #builder = new BatchBuilder();
  readonly #scanner: LineScanner;
  readonly #series: SeriesReader;
  readonly #options: LineOptions;
  // The numbers of one line: it is taken as a whole, and its time comes last.
  readonly #places: Place[] = [];
  readonly #values: number[] = [];
  #count = 0;
  #refused: Refused | undefined;

  constructor(body: Buffer, options: LineOptions) {
    this.#scanner = new LineScanner(body);
    this.#series = new SeriesReader(this.#scanner, this.#builder);
    this.#options = options;
  }

  read(): Reading {
    const scanner = this.#scanner;
    for (let line = 1; scanner.at < scanner.bytes.length; line++) {
      const start = scanner.at;
      try {
        this.#readLine();
      } catch (error) {
        this.#refuse(error, start, line);
      }
    }
    return { batch: this.#builder.finish(), refused: this.#refused };
  }

  #readLine(): void {
    const scanner = this.#scanner;
    const { bytes } = scanner;
    this.#count = 0;
    scanner.skipSpaces();
    const first = bytes[scanner.at]!;
    if (first === byte.hash) scanner.at = bytes.indexOf(byte.newline, scanner.at);
    if (first === byte.hash || first === byte.newline || first === byte.return) return this.#endLine();

    const series = this.#series.read();
    scanner.skipSpaces();
    this.#readField(series, 0);
    for (let i = 1; bytes[scanner.at] === byte.comma; i++) {
      scanner.at++;
      this.#readField(series, i);
    }
    const time = this.#readTime();
    this.#endLine();
    for (let i = 0; i < this.#count; i++) this.#builder.add(this.#places[i]!, time, this.#values[i]!);
  }

  #readField(series: Series, i: number): void {
    const scanner = this.#scanner;
    const { bytes } = scanner;
    const field = this.#series.field(series, i);
    const first = bytes[scanner.at]!;
    if (first === byte.quote) return scanner.skipText();
    const isNumber = first <= byte.nine && first > byte.space;
    this.#values[this.#count] = isNumber ? scanner.number() : scanner.boolean();
    this.#places[this.#count++] = this.#series.placeOf(series, field);
  }

  #readTime(): number {
    const scanner = this.#scanner;
    const next = scanner.bytes[scanner.at]!;
    if (next !== byte.space && next !== byte.newline && next !== byte.return)
      throw new LineError('invalid field value');
    scanner.skipSpaces();
    const first = scanner.bytes[scanner.at]!;
    if (first === byte.newline || first === byte.return) return this.#options.now;
    const time = scanner.time(this.#options.precision);
    if (!isTime(time)) throw new LineError('timestamp out of range');
    return time;
  }

  #endLine(): void {
    const scanner = this.#scanner;
    scanner.skipSpaces();
    if (scanner.bytes[scanner.at] === byte.return) scanner.at++;
    if (scanner.bytes[scanner.at] !== byte.newline) throw new LineError('invalid timestamp');
    scanner.at++;
  }

  #refuse(error: unknown, start: number, line: number): void {
    if (!isOfTheLine(error)) throw error;
    const { bytes } = this.#scanner;
    const end = bytes.indexOf(byte.newline, start);
    const text = bytes.toString('utf8', start, Math.min(end, start + MAX_QUOTED_BYTES));
    this.#refused ??= { points: 0, message: `unable to parse '${text}': ${error.message}`, line };
    if (++this.#refused.points > MAX_REFUSED_LINES) {
      throw new QuantumFluxError('invalid_input', `More than ${MAX_REFUSED_LINES} lines: ${this.#refused.message}`);
    }
    this.#scanner.at = end + 1;
  }
}

/** A line that is not in order, or a name that we do not take. What is wrong with the whole body is not. */
function isOfTheLine(error: unknown): error is Error {
  return error instanceof LineError || (error instanceof QuantumFluxError && error.code === 'invalid_input');
}
