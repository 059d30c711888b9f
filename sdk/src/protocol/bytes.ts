import { QuantumFluxError } from './error.ts';

/** Below this, a loop over bytes is quicker than the call that copies many. */
const FEW_BYTES = 48;

/** Integers that fit here are shifted; above, they are divided. */
const MAX_SHIFTED = 2 ** 31;

/** The place value of the last byte that a varint up to 2^53 may have. */
const MAX_SCALE = 2 ** 49;

/** Bytes being written, growing as needed. Integers are LEB128 varints up to 2^53; signed ones are zigzag first. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  length = 0;

  constructor(capacity = 1_024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }

  /** Makes room, so that the next `size` bytes can be written. */
  reserve(size: number): void {
    if (this.length + size <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + size));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  u8(value: number): void {
    this.reserve(1);
    this.#bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, value);
    this.length += 4;
  }

  f64(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  varint(value: number): void {
    this.reserve(8);
    while (value >= MAX_SHIFTED) {
      this.#bytes[this.length++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    while (value >= 128) {
      this.#bytes[this.length++] = (value & 127) | 128;
      value >>>= 7;
    }
    this.#bytes[this.length++] = value;
  }

  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.#bytes.set(value, this.length);
    this.length += value.length;
  }

  /** Everything that another one holds. */
  append(other: ByteWriter): void {
    const { length } = other;
    if (length > FEW_BYTES) return this.bytes(other.#bytes.subarray(0, length));
    this.reserve(length);
    for (let i = 0; i < length; i++) this.#bytes[this.length + i] = other.#bytes[i]!;
    this.length += length;
  }
}

/** Reads what a ByteWriter wrote. Bytes that end too early are an `internal` error, never garbage. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  // Made when it is needed: most blocks are a point or two, all of it varints.
  #lazyView: DataView | undefined;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get #view(): DataView {
    return (this.#lazyView ??= new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length));
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  u8(): number {
    return this.#bytes[this.at++] ?? tooShort();
  }

  u32(): number {
    const bytes = this.#bytes;
    const at = this.at;
    this.at += 4;
    if (this.at > bytes.length) return tooShort();
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  f64(): number {
    this.at += 8;
    return this.at > this.#bytes.length ? tooShort() : this.#view.getFloat64(this.at - 8, true);
  }

  varint(): number {
    let byte = this.#bytes[this.at++] ?? tooShort();
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let scale = 128; scale <= MAX_SCALE; scale *= 128) {
      byte = this.#bytes[this.at++] ?? tooShort();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new QuantumFluxError('internal', 'A frame of points has a number that is too large.');
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /**
   * How many things follow, each of at least `bytesEach` bytes. A number that cannot be true is an error here, before
   * anybody makes room for so many.
   */
  count(bytesEach: number): number {
    const count = this.varint();
    return count * bytesEach > this.left ? tooShort() : count;
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const { buffer, byteOffset } = this.#bytes;
    const start = byteOffset + this.at;
    this.at += length;
    // Not subarray(), which costs three times as much: there is one for every block.
    return this.at > this.#bytes.length ? tooShort() : new Uint8Array(buffer, start, length);
  }
}

function tooShort(): never {
  throw new QuantumFluxError('internal', 'A frame of points ended too early.');
}
