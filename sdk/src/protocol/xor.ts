import type { ByteReader, ByteWriter } from './bytes.ts';

// Values as the XOR of neighbours: '0' the same; '10' the bits that differ lie in the window of before; '11' a new
// window: 5 bits of leading zeros, 6 bits of length - 1. (Gorilla, section 4.1.2; the first value is 64 bits as it is.)

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);
// The order of the halves is the machine's; ask once which one holds the sign.
float[0] = -0;
const HIGH = halves[1] === 0x80000000 ? 1 : 0;
const LOW = 1 - HIGH;

export function writeXor(out: ByteWriter, values: Float64Array): void {
  const bits = bitWriter(out);
  float[0] = values[0]!;
  let [high, low] = [halves[HIGH]!, halves[LOW]!];
  let [leading, trailing] = [255, 0];
  bits.put(high, 32);
  bits.put(low, 32);
  for (let i = 1; i < values.length; i++) {
    float[0] = values[i]!;
    const xorHigh = (halves[HIGH]! ^ high) >>> 0;
    const xorLow = (halves[LOW]! ^ low) >>> 0;
    [high, low] = [halves[HIGH]!, halves[LOW]!];
    if (xorHigh === 0 && xorLow === 0) {
      bits.put(0, 1);
      continue;
    }
    const zerosBefore = Math.min(31, xorHigh !== 0 ? Math.clz32(xorHigh) : 32 + Math.clz32(xorLow));
    const zerosAfter = xorLow !== 0 ? trailingZeros(xorLow) : 32 + trailingZeros(xorHigh);
    if (zerosBefore >= leading && zerosAfter >= trailing) {
      bits.put(0b10, 2);
    } else {
      [leading, trailing] = [zerosBefore, zerosAfter];
      bits.put(0b11, 2);
      bits.put(leading, 5);
      bits.put(63 - leading - trailing, 6);
    }
    bits.putWindow(xorHigh, xorLow, leading, trailing);
  }
  bits.end();
}

export function readXor(reader: ByteReader, values: Float64Array): void {
  const take = bitReader(reader);
  let [high, low] = [take(32), take(32)];
  let [leading, trailing] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (i > 0 && take(1) === 1) {
      if (take(1) === 1) {
        leading = take(5);
        trailing = 63 - leading - take(6);
      }
      if (trailing >= 32) {
        high = (high ^ (take(64 - leading - trailing) << (trailing - 32))) >>> 0;
      } else {
        if (leading < 32) high = (high ^ take(32 - leading)) >>> 0;
        low = (low ^ (take(32 - trailing) << trailing)) >>> 0;
      }
    }
    halves[HIGH] = high;
    halves[LOW] = low;
    values[i] = float[0]!;
  }
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function bitWriter(out: ByteWriter) {
  let byte = 0;
  let used = 0;

  /** The lowest `count` bits of `word`, highest first. */
  function put(word: number, count: number): void {
    while (count > 0) {
      const taken = Math.min(8 - used, count);
      byte = (byte << taken) | ((word >>> (count - taken)) & ((1 << taken) - 1));
      used += taken;
      count -= taken;
      if (used === 8) {
        out.u8(byte);
        [byte, used] = [0, 0];
      }
    }
  }

  return {
    put,
    /** The bits of a 64-bit word between its leading and trailing zeros. */
    putWindow(high: number, low: number, leading: number, trailing: number): void {
      if (trailing >= 32) return put(high >>> (trailing - 32), 64 - leading - trailing);
      if (leading < 32) put(high, 32 - leading);
      put(low >>> trailing, 32 - trailing);
    },
    end(): void {
      if (used > 0) out.u8(byte << (8 - used));
    },
  };
}

function bitReader(reader: ByteReader) {
  let byte = 0;
  let left = 0;

  return (count: number): number => {
    let word = 0;
    while (count > 0) {
      if (left === 0) [byte, left] = [reader.u8(), 8];
      const taken = Math.min(left, count);
      word = word * 2 ** taken + ((byte >>> (left - taken)) & ((1 << taken) - 1));
      left -= taken;
      count -= taken;
    }
    return word;
  };
}
