import type { ByteReader, ByteWriter } from './bytes.ts';
import { QuantumFluxError } from './error.ts';

/** Writes bits, the highest first, into the bytes of a ByteWriter. */
export class BitWriter {
  readonly #out: ByteWriter;
  #word = 0;
  /** Bits of the word that are still free, the lowest ones. */
  #free = 32;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  /** The lowest `count` bits of `bits`, 1 to 32; the bits above them must be zero. */
  put(bits: number, count: number): void {
    if (count < this.#free) {
      this.#free -= count;
      this.#word |= bits << this.#free;
      return;
    }
    const rest = count - this.#free;
    this.#out.u32((this.#word | (bits >>> rest)) >>> 0);
    this.#free = 32 - rest;
    // A shift by 32 is a shift by 0.
    this.#word = rest === 0 ? 0 : bits << this.#free;
  }

  /** Fills the last byte with zeros. */
  end(): void {
    for (let used = 32 - this.#free; used > 0; used -= 8) {
      this.#out.u8(this.#word >>> 24);
      this.#word <<= 8;
    }
  }
}

/** Reads what a BitWriter wrote, up to the end of the bytes. */
export class BitReader {
  readonly #reader: ByteReader;
  #word = 0;
  /** Bits of the word that were not taken yet, the lowest ones. */
  #left = 0;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** The next `count` bits, 1 to 32, as an unsigned integer. */
  take(count: number): number {
    if (count <= this.#left) {
      this.#left -= count;
      return ((this.#word >>> this.#left) & mask(count)) >>> 0;
    }
    const missing = count - this.#left;
    const above = this.#left === 0 ? 0 : (this.#word & mask(this.#left)) << missing;
    this.#refill();
    if (missing > this.#left) throw this.broken();
    this.#left -= missing;
    return (above | ((this.#word >>> this.#left) & mask(missing))) >>> 0;
  }

  /** Less than a byte may be left, and it is zero. */
  end(): void {
    if (this.#left >= 8 || (this.#left > 0 && (this.#word & mask(this.#left)) !== 0)) throw this.broken();
  }

  broken(): QuantumFluxError {
    return new QuantumFluxError('internal', 'A block of points has bits that make no sense.');
  }

  #refill(): void {
    if (this.#reader.left >= 4) {
      this.#word = this.#reader.u32();
      this.#left = 32;
      return;
    }
    this.#word = this.#left = 0;
    while (this.#reader.left > 0) {
      this.#word = (this.#word << 8) | this.#reader.u8();
      this.#left += 8;
    }
  }
}

function mask(count: number): number {
  return count === 32 ? -1 : (1 << count) - 1;
}
