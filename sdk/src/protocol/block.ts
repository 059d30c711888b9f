import { ByteReader } from './bytes.ts';
import { QuantumFluxError } from './error.ts';
import { readXor } from './xor.ts';

// A codec block: points of one stream, in columns. A point is encoded once, when it comes in; the same bytes are stored,
// sent to other nodes and sent to every viewer. Layout (docs/protocol.md, rule B1):
//
//   varint stream · varint length of the rest · u8 mode · varint count · times · values
//
// mode = time mode + 16 * value mode.
// Times: first, then delta of delta, zigzag varints, a run of zeros as 0 and its length. In ms (0), in us (1), or raw
// float64 (2) when neither is exact.
// Values: 16 exact decimals, u8 e, then zigzag varint deltas of v * 10^e (1); XOR bit stream (2); raw float64 (0).
//   Gorilla, Pelkonen et al., VLDB 2015, for both delta of delta and XOR.

/** Two columns of equal length. */
export type Columns = { times: Float64Array; values: Float64Array };

/** A block that was found but not decoded: its whole bytes, header included. */
export type Block = { stream: number; bytes: Uint8Array };

export const timeModes = { ms: 0, us: 1, raw: 2 } as const;
export const valueModes = { raw: 0, decimal: 1, xor: 2 } as const;

/** What decimals are scaled with: `powersOfTen[e]`. */
export const powersOfTen = [1, 10, 100, 1e3, 1e4, 1e5, 1e6] as const;

/** Bytes that a value of each mode takes at least; no count of points can be higher than what they allow. */
const leastBytes = [8, 1, 1 / 8] as const;

/** Finds the blocks without decoding them. */
export function* blocksOf(bytes: Uint8Array): Generator<Block> {
  const reader = new ByteReader(bytes);
  while (reader.left > 0) {
    const start = reader.at;
    const stream = reader.varint();
    reader.bytes(reader.varint());
    yield { stream, bytes: bytes.subarray(start, reader.at) };
  }
}

/** How many points a block has, without decoding it. */
export function pointsIn(block: Block): number {
  return open(block).count;
}

/**
 * The points of one block, in columns of their own or in those that `room` has for so many. Bytes that are no block are an
 * `internal` error.
 */
export function decodeBlock(block: Block, room: (count: number) => Columns = newColumns): Columns {
  const { reader, timeMode, valueMode, count } = open(block);
  const { times, values } = room(count);
  if (timeMode === timeModes.raw) readRaw(reader, times);
  else readTimes(reader, times, timeMode === timeModes.us ? 1_000 : 1);
  if (valueMode === valueModes.raw) readRaw(reader, values);
  else if (valueMode === valueModes.xor) readXor(reader, values);
  else readDecimals(reader, values);
  if (reader.left > 0) throw broken('has more bytes than points');
  return { times, values };
}

function newColumns(count: number): Columns {
  return { times: new Float64Array(count), values: new Float64Array(count) };
}

function open({ bytes }: Block) {
  const reader = new ByteReader(bytes);
  reader.varint();
  if (reader.varint() !== reader.left) throw broken('is not as long as it says');
  const mode = reader.u8();
  const [timeMode, valueMode] = [mode % 16, mode >> 4];
  const least = leastBytes[valueMode];
  if (least === undefined || timeMode > timeModes.raw)
    throw broken('is coded in a way that this version does not know');
  const count = reader.count(least);
  if (count === 0) throw broken('has no points');
  return { reader, timeMode, valueMode, count };
}

function readTimes(reader: ByteReader, times: Float64Array, scale: number): void {
  let time = reader.zigzag();
  let step = 0;
  times[0] = time / scale;
  for (let i = 1; i < times.length;) {
    const change = reader.zigzag();
    step += change;
    const end = change === 0 ? i + reader.varint() : i + 1;
    if (end > times.length) throw broken('has more times than points');
    while (i < end) {
      time += step;
      times[i++] = time / scale;
    }
  }
}

function readDecimals(reader: ByteReader, values: Float64Array): void {
  const power = powersOfTen[reader.u8()];
  if (power === undefined) throw broken('has decimals that this version does not know');
  let scaled = 0;
  for (let i = 0; i < values.length; i++) {
    scaled += reader.zigzag();
    values[i] = scaled / power;
  }
}

function readRaw(reader: ByteReader, column: Float64Array): void {
  for (let i = 0; i < column.length; i++) column[i] = reader.f64();
}

function broken(how: string): QuantumFluxError {
  return new QuantumFluxError('internal', `A block of points ${how}.`);
}
