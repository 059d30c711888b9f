import { MAX_BATCH_POINTS } from '@quantumflux/sdk/protocol';
import type { BatchBuilder, Growing } from './batch-builder.ts';
import { byte, LineError, type LineScanner } from './line-scanner.ts';
import { streamNameOf, tagNameOf } from './names.ts';
import { tooManyPoints } from './point-batch.ts';

/** More fields of one series are looked up each time: they are searched one after the other. */
const MAX_FIELDS = 256;

/** A field of a series, found again by the bytes of its name. */
export type Field = { start: number; end: number; columns: Growing | undefined };

/** Measurement and tags, found again by their bytes: a text is made of them once per request, not once per point. */
export type Series = {
  start: number;
  end: number;
  measurement: string;
  tags: Record<string, string>;
  fields: Field[];
  /** The series that came after this one the last time; agents send them in the same order. */
  next: Series | undefined;
};

/** The series of one request. */
export class SeriesCache {
  readonly #scanner: LineScanner;
  readonly #builder: BatchBuilder;
  readonly #known = new Map<string, Series>();
  #last: Series | undefined;

  constructor(scanner: LineScanner, builder: BatchBuilder) {
    this.#scanner = scanner;
    this.#builder = builder;
  }

  /** Reads measurement and tags; the scanner stands on the space behind them. */
  read(): Series {
    const guess = this.#last?.next;
    const series = guess && this.#stands(guess, byte.space) ? guess : this.#find();
    if (this.#last) this.#last.next = series;
    this.#last = series;
    return series;
  }

  /** Reads the name of a field; the scanner stands on its value. `i` is its place in the line. */
  field(series: Series, i: number): Field {
    const { fields } = series;
    const guess = fields[i];
    if (guess && this.#stands(guess, byte.equals)) {
      this.#scanner.at++;
      return guess;
    }
    const start = this.#scanner.at;
    const end = this.#end(byte.equals, 'missing field value');
    if (end === start) throw new LineError('missing field name');
    this.#scanner.at = end + 1;
    const known = fields.find((field) => this.#equal(field, start, end));
    if (known) return known;
    const field = { start, end, columns: undefined };
    if (fields.length < MAX_FIELDS) fields.push(field);
    return field;
  }

  /** Where the numbers of a field go. Opened for the first one: a field of texts is no stream. */
  columnsOf({ measurement, tags }: Series, field: Field): Growing {
    return (field.columns ??= this.#builder.open({ stream: this.#streamOf(measurement, field), tags }));
  }

  /** The field `value` goes by the name of its measurement alone. */
  #streamOf(measurement: string, { start, end }: Field): string {
    const field = this.#text(start, end);
    return streamNameOf(field === 'value' ? measurement : `${measurement}.${field}`);
  }

  #find(): Series {
    const start = this.#scanner.at;
    const end = this.#end(byte.space, 'missing fields');
    const raw = this.#scanner.bytes.toString('latin1', start, end);
    this.#scanner.at = end;
    let series = this.#known.get(raw);
    if (!series) {
      if (this.#known.size >= MAX_BATCH_POINTS) throw tooManyPoints();
      series = { start, end, ...this.#parse(start, end), fields: [], next: undefined };
      this.#known.set(raw, series);
    }
    return series;
  }

  #parse(start: number, end: number): { measurement: string; tags: Record<string, string> } {
    const [measurement, ...pairs] = this.#split(start, end, byte.comma);
    if (!measurement || measurement[0] === measurement[1]) throw new LineError('missing measurement');
    const tags: [string, string][] = pairs.map(([from, to]) => {
      const [name, value, ...more] = this.#split(from, to, byte.equals);
      if (!name || name[0] === name[1]) throw new LineError('missing tag name');
      if (!value || value[0] === value[1] || more.length > 0) throw new LineError('missing tag value');
      return [tagNameOf(this.#text(...name)), this.#text(...value)];
    });
    return { measurement: this.#text(...measurement), tags: Object.fromEntries(tags) };
  }

  /** The parts between separators that are not escaped, as places in the body. */
  #split(start: number, end: number, separator: number): [number, number][] {
    const { bytes } = this.#scanner;
    const parts: [number, number][] = [];
    let from = start;
    for (let at = start; at < end; at++) {
      if (bytes[at] === byte.backslash) at++;
      else if (bytes[at] === separator) {
        parts.push([from, at]);
        from = at + 1;
      }
    }
    return [...parts, [from, end]];
  }

  /** Where the next separator is that is not escaped. It must come before the line ends. */
  #end(separator: number, otherwise: string): number {
    const { bytes } = this.#scanner;
    for (let at = this.#scanner.at; ; at++) {
      const c = bytes[at];
      if (c === byte.backslash && bytes[at + 1] !== byte.newline) at++;
      else if (c === separator) return at;
      else if (c === byte.newline || c === undefined) throw new LineError(otherwise);
    }
  }

  /** Whether the scanner stands on these bytes again; then it moves behind them. */
  #stands({ start, end }: { start: number; end: number }, separator: number): boolean {
    const { bytes, at } = this.#scanner;
    if (bytes[at + end - start] !== separator) return false;
    for (let i = start, j = at; i < end; i++, j++) if (bytes[i] !== bytes[j]) return false;
    this.#scanner.at = at + end - start;
    return true;
  }

  #equal(field: Field, start: number, end: number): boolean {
    const { bytes } = this.#scanner;
    return field.end - field.start === end - start && bytes.compare(bytes, field.start, field.end, start, end) === 0;
  }

  /** The text of these bytes, with `\,` `\=` `\ ` and `\\` as what they stand for. */
  #text(start: number, end: number): string {
    return this.#scanner.bytes.toString('utf8', start, end).replaceAll(/\\([,= \\])/g, '$1');
  }
}
