import type { ByteReader, ByteWriter } from './bytes.ts';
import { BitReader, BitWriter } from './bits.ts';

// Values as the XOR of neighbours: '0' the same; '10' the bits that differ lie in the window of before; '11' a new
// window: 5 bits of leading zeros, 6 bits of length - 1. (Gorilla, section 4.1.2; the first value is 64 bits as it is.)

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);
// The order of the halves is the machine's; ask once which one holds the sign.
float[0] = -0;
const HIGH = halves[1] === 0x80000000 ? 1 : 0;
const LOW = 1 - HIGH;

export function writeXor(out: ByteWriter, values: Float64Array, start: number, end: number): void {
  const bits = new BitWriter(out);
  float[0] = values[start]!;
  let high = halves[HIGH]!;
  let low = halves[LOW]!;
  // No window yet: nothing lies in it.
  let leading = 64;
  let trailing = 64;
  bits.put(high, 32);
  bits.put(low, 32);
  for (let i = start + 1; i < end; i++) {
    float[0] = values[i]!;
    const xorHigh = (halves[HIGH]! ^ high) >>> 0;
    const xorLow = (halves[LOW]! ^ low) >>> 0;
    high = halves[HIGH]!;
    low = halves[LOW]!;
    if (xorHigh === 0 && xorLow === 0) {
      bits.put(0, 1);
      continue;
    }
    const zerosBefore = Math.min(31, Math.clz32(xorHigh));
    const zerosAfter = xorLow !== 0 ? trailingZeros(xorLow) : 32 + trailingZeros(xorHigh);
    if (zerosBefore >= leading && zerosAfter >= trailing) {
      bits.put(0b10, 2);
    } else {
      leading = zerosBefore;
      trailing = zerosAfter;
      bits.put((0b11 << 11) | (leading << 6) | (63 - leading - trailing), 13);
    }
    if (trailing >= 32) {
      bits.put(xorHigh >>> (trailing - 32), 64 - leading - trailing);
    } else {
      bits.put(xorHigh, 32 - leading);
      bits.put(xorLow >>> trailing, 32 - trailing);
    }
  }
  bits.end();
}

export function readXor(reader: ByteReader, values: Float64Array): void {
  const bits = new BitReader(reader);
  let high = bits.take(32);
  let low = bits.take(32);
  let leading = 0;
  let trailing = 0;
  for (let i = 0; i < values.length; i++) {
    if (i > 0 && bits.take(1) === 1) {
      if (bits.take(1) === 1) {
        const window = bits.take(11);
        leading = window >>> 6;
        trailing = 63 - leading - (window & 63);
        if (trailing < 0) throw bits.broken();
      }
      if (trailing >= 32) {
        high ^= bits.take(64 - leading - trailing) << (trailing - 32);
      } else {
        high ^= bits.take(32 - leading);
        low ^= bits.take(32 - trailing) << trailing;
      }
    }
    halves[HIGH] = high;
    halves[LOW] = low;
    values[i] = float[0]!;
  }
  bits.end();
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
