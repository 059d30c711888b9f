import { ByteReader, ByteWriter } from './bytes.ts';
import { QuantumFluxError } from './error.ts';
import { readXor, writeXor } from './xor.ts';

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

const TIME_MS = 0;
const TIME_US = 1;
const TIME_RAW = 2;
const VALUE_RAW = 0;
const VALUE_DECIMAL = 1;
const VALUE_XOR = 2;

const powersOfTen = [1, 10, 100, 1e3, 1e4, 1e5, 1e6] as const;

// A delta of two such integers, zigzagged, is still exact in a float64.
const MAX_EXACT = 2 ** 51;

const body = new ByteWriter(64 * 1_024);

/** Appends the points `start` to `end` (not included) of the columns as one block. At least one point. */
export function writeBlock(out: ByteWriter, stream: number, columns: Columns, start = 0, end = columns.times.length): void {
  const times = columns.times.subarray(start, end);
  const values = columns.values.subarray(start, end);
  const timeScale = [1, 1_000].find((scale) => isExact(times, scale));
  const exponent = powersOfTen.findIndex((power) => isExact(values, power));
  const timeMode = timeScale === 1 ? TIME_MS : timeScale === 1_000 ? TIME_US : TIME_RAW;
  const valueMode = exponent >= 0 ? VALUE_DECIMAL : values.length > 1 ? VALUE_XOR : VALUE_RAW;

  body.length = 0;
  body.reserve(18 * times.length + 64);
  body.u8(timeMode + 16 * valueMode);
  body.varint(times.length);
  if (timeScale === undefined) writeRaw(body, times);
  else writeTimes(body, times, timeScale);
  if (valueMode === VALUE_DECIMAL) writeDecimals(body, values, exponent);
  else if (valueMode === VALUE_XOR) writeXor(body, values);
  else writeRaw(body, values);

  out.varint(stream);
  out.varint(body.length);
  out.bytes(body.toBytes());
}

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
export function pointsIn({ bytes }: Block): number {
  const reader = new ByteReader(bytes);
  reader.varint();
  reader.varint();
  reader.u8();
  return reader.varint();
}

/** The points of one block. */
export function decodeBlock({ bytes }: Block): Columns {
  const reader = new ByteReader(bytes);
  reader.varint();
  reader.varint();
  const mode = reader.u8();
  const count = reader.varint();
  const times = new Float64Array(count);
  const values = new Float64Array(count);
  readTimes(reader, times, mode % 16);
  readValues(reader, values, mode >> 4);
  return { times, values };
}

function isExact(column: Float64Array, scale: number): boolean {
  for (const value of column) {
    const scaled = Math.round(value * scale);
    // `1 / -0` tells negative zero, which an integer cannot keep.
    if (scaled / scale !== value || Math.abs(scaled) > MAX_EXACT || (scaled === 0 && 1 / value < 0)) return false;
  }
  return true;
}

function writeRaw(out: ByteWriter, column: Float64Array): void {
  for (const value of column) out.f64(value);
}

function writeTimes(out: ByteWriter, times: Float64Array, scale: number): void {
  let previous = Math.round(times[0]! * scale);
  let step = 0;
  let zeros = 0;
  out.zigzag(previous);
  const endRun = () => {
    if (zeros === 0) return;
    out.u8(0);
    out.varint(zeros);
    zeros = 0;
  };
  for (let i = 1; i < times.length; i++) {
    const time = Math.round(times[i]! * scale);
    const change = time - previous - step;
    step = time - previous;
    previous = time;
    if (change === 0) {
      zeros++;
      continue;
    }
    endRun();
    out.zigzag(change);
  }
  endRun();
}

function readTimes(reader: ByteReader, times: Float64Array, mode: number): void {
  if (mode === TIME_RAW) return readRaw(reader, times);
  if (mode > TIME_RAW) throw unknownMode();
  const scale = mode === TIME_US ? 1_000 : 1;
  let time = reader.zigzag();
  let step = 0;
  times[0] = time / scale;
  for (let i = 1; i < times.length; ) {
    const change = reader.zigzag();
    step += change;
    const run = change === 0 ? reader.varint() : 1;
    for (let k = 0; k < run && i < times.length; k++) {
      time += step;
      times[i++] = time / scale;
    }
  }
}

function writeDecimals(out: ByteWriter, values: Float64Array, exponent: number): void {
  const power = powersOfTen[exponent]!;
  let previous = 0;
  out.u8(exponent);
  for (const value of values) {
    const scaled = Math.round(value * power);
    out.zigzag(scaled - previous);
    previous = scaled;
  }
}

function readValues(reader: ByteReader, values: Float64Array, mode: number): void {
  if (mode === VALUE_RAW) return readRaw(reader, values);
  if (mode === VALUE_XOR) return readXor(reader, values);
  if (mode !== VALUE_DECIMAL) throw unknownMode();
  const power = powersOfTen[reader.u8()];
  if (power === undefined) throw unknownMode();
  let scaled = 0;
  for (let i = 0; i < values.length; i++) {
    scaled += reader.zigzag();
    values[i] = scaled / power;
  }
}

function readRaw(reader: ByteReader, column: Float64Array): void {
  for (let i = 0; i < column.length; i++) column[i] = reader.f64();
}

function unknownMode(): QuantumFluxError {
  return new QuantumFluxError('internal', 'A block of points is coded in a way that this version does not know.');
}
