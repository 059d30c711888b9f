import { MAX_BATCH_POINTS } from '@quantumflux/sdk/protocol';
import type { BatchBuilder, Place } from './batch-builder.ts';
import { byte, LineError, type LineScanner } from './line-scanner.ts';
import { streamNameOf, tagNameOf } from './names.ts';
import { checkStream, tooManyPoints, type CheckedStream } from './point-batch.ts';
import { ENTRY_BYTES, rememberByText } from './remembered.ts';

/** More fields of one series, and longer names, are looked up each time: they are searched one after the other. */
const MAX_FIELDS = 256;
const MAX_FIELD_BYTES = 256;

/** A field of a series, found again by the bytes of its name. */
export type Field = {
  readonly bytes: Uint8Array;
  /** Checked for its first number: a field of texts is no stream. */
  checked: CheckedStream | undefined;
  /** Its place in the batch of one reading. */
  place: Place;
  reading: number;
};

/** Measurement and tags, found again by their bytes: they are understood and checked once, not once per request. */
export type Series = {
  readonly bytes: Uint8Array;
  readonly measurement: string;
  readonly tags: Record<string, string>;
  readonly fields: Field[];
  /** The series that came after this one the last time; agents send them in the same order. */
  next: Series | undefined;
};

/** The same for all requests: an agent sends the same series all day. What they are called says nothing of their points. */
const known = rememberByText<Series>();
let readings = 0;

/** Finds the series of one request. */
export class SeriesReader {
  readonly #scanner: LineScanner;
  readonly #builder: BatchBuilder;
  readonly #reading = ++readings;
  #found = 0;
  #last: Series | undefined;

  constructor(scanner: LineScanner, builder: BatchBuilder) {
    this.#scanner = scanner;
    this.#builder = builder;
  }

  /** Reads measurement and tags; the scanner stands on the space behind them. */
  read(): Series {
    const guess = this.#last?.next;
    const series = guess && this.#stands(guess.bytes, byte.space) ? guess : this.#find();
    if (this.#last) this.#last.next = series;
    this.#last = series;
    return series;
  }

  /** Reads the name of a field; the scanner stands on its value. `i` is its place in the line. */
  field({ fields }: Series, i: number): Field {
    const guess = fields[i];
    if (guess && this.#stands(guess.bytes, byte.equals)) {
      this.#scanner.at++;
      return guess;
    }
    const start = this.#scanner.at;
    const end = this.#end(byte.equals, 'missing field value');
    if (end === start) throw new LineError('missing field name');
    this.#scanner.at = end + 1;
    const bytes = Uint8Array.from(this.#scanner.bytes.subarray(start, end));
    const same = fields.find((field) => Buffer.compare(field.bytes, bytes) === 0);
    if (same) return same;
    const field = { bytes, checked: undefined, place: 0, reading: 0 };
    if (fields.length < MAX_FIELDS && bytes.length <= MAX_FIELD_BYTES) {
      fields.push(field);
      known.grow(bytes.length + ENTRY_BYTES);
    }
    return field;
  }

  /** Where the numbers of a field go. */
  placeOf({ measurement, tags }: Series, field: Field): Place {
    if (field.reading === this.#reading) return field.place;
    field.checked ??= checkStream({ stream: streamOf(measurement, field), tags });
    field.place = this.#builder.place(field.checked);
    field.reading = this.#reading;
    return field.place;
  }

  #find(): Series {
    const start = this.#scanner.at;
    const end = this.#end(byte.space, 'missing fields');
    const raw = this.#scanner.bytes.toString('latin1', start, end);
    this.#scanner.at = end;
    let series = known.get(raw);
    if (!series) {
      if (++this.#found > MAX_BATCH_POINTS) throw tooManyPoints();
      const bytes = Uint8Array.from(this.#scanner.bytes.subarray(start, end));
      series = { bytes, ...this.#parse(start, end), fields: [], next: undefined };
      known.set(raw, series);
    }
    return series;
  }

  #parse(start: number, end: number): { measurement: string; tags: Record<string, string> } {
    const { bytes } = this.#scanner;
    const [measurement, ...pairs] = this.#split(start, end, byte.comma);
    if (!measurement || measurement[0] === measurement[1]) throw new LineError('missing measurement');
    const tags: [string, string][] = pairs.map(([from, to]) => {
      const [name, value, ...more] = this.#split(from, to, byte.equals);
      if (!name || name[0] === name[1]) throw new LineError('missing tag name');
      if (!value || value[0] === value[1] || more.length > 0) throw new LineError('missing tag value');
      return [tagNameOf(textOf(bytes.subarray(...name))), textOf(bytes.subarray(...value))];
    });
    return { measurement: textOf(bytes.subarray(...measurement)), tags: Object.fromEntries(tags) };
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

  /** Whether the scanner stands on these bytes; then it moves behind them. */
  #stands(these: Uint8Array, separator: number): boolean {
    const { bytes, at } = this.#scanner;
    const { length } = these;
    if (bytes[at + length] !== separator) return false;
    // The end first: there the series of an agent differ.
    for (let i = length - 1; i >= 0; i--) if (these[i] !== bytes[at + i]) return false;
    this.#scanner.at = at + length;
    return true;
  }
}

/** The field `value` goes by the name of its measurement alone. */
function streamOf(measurement: string, { bytes }: Field): string {
  const field = textOf(bytes);
  return streamNameOf(field === 'value' ? measurement : `${measurement}.${field}`);
}

/** The text of these bytes, with `\,` `\=` `\ ` and `\\` as what they stand for. */
function textOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length)
    .toString()
    .replaceAll(/\\([,= \\])/g, '$1');
}
