import { powersOfTen, timeModes, valueModes, type Columns } from './block.ts';
import { ByteWriter } from './bytes.ts';
import { writeXor } from './xor.ts';

// The writing half of block.ts, where the layout is described.

// Differences of two differences of integers this far apart, zigzagged, are still exact in a float64 (2^53).
const MAX_SPREAD = 2 ** 51;
const MAX_TIME = 2 ** 52;
const MAX_DECIMAL = 2 ** 51;

// Written before it is known how long it is. One for all blocks: nothing here waits.
const body = new ByteWriter(64 * 1_024);

/** Appends the points `start` to `end` (not included) of the columns as one block. At least one point. */
export function writeBlock(
  out: ByteWriter,
  stream: number,
  { times, values }: Columns,
  start = 0,
  end = times.length,
): void {
  const count = end - start;
  const timeScale = timeScaleOf(times, start, end);
  const exponent = exponentOf(values, start, end);
  const timeMode = timeScale === 1 ? timeModes.ms : timeScale === 1_000 ? timeModes.us : timeModes.raw;
  const valueMode = exponent >= 0 ? valueModes.decimal : count > 1 ? valueModes.xor : valueModes.raw;

  body.length = 0;
  body.reserve(18 * count + 64);
  body.u8(timeMode + 16 * valueMode);
  body.varint(count);
  if (timeMode === timeModes.raw) writeRaw(times, start, end);
  else writeTimes(times, start, end, timeScale);
  if (valueMode === valueModes.decimal) writeDecimals(values, start, end, exponent);
  else if (valueMode === valueModes.xor) writeXor(body, values, start, end);
  else writeRaw(values, start, end);

  out.varint(stream);
  out.varint(body.length);
  out.append(body);
}

/** 1 when all times are whole ms, 1000 when they are whole us, 0 when they are neither. */
function timeScaleOf(times: Float64Array, start: number, end: number): number {
  let scale = 1;
  let [least, most] = [Infinity, -Infinity];
  for (let i = start; i < end; i++) {
    const time = times[i]!;
    if (scale === 1 && Math.round(time) !== time) scale = 1_000;
    if (scale === 1_000 && Math.round(time * 1_000) / 1_000 !== time) return 0;
    if (time === 0 && isNegativeZero(time)) return 0;
    if (time < least) least = time;
    if (time > most) most = time;
  }
  const isExact = Math.max(-least, most) * scale <= MAX_TIME && (most - least) * scale <= MAX_SPREAD;
  return isExact ? scale : 0;
}

/**
 * The fewest decimals with which all values are exact, or -1. What is exact with some decimals is so with more, as long
 * as the integers are, so one pass is enough.
 */
function exponentOf(values: Float64Array, start: number, end: number): number {
  let exponent = 0;
  let power: number = powersOfTen[0];
  let largest = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    while (Math.round(value * power) / power !== value) {
      const next = powersOfTen[++exponent];
      if (next === undefined) return -1;
      power = next;
    }
    if (value === 0 && isNegativeZero(value)) return -1;
    const size = Math.abs(value);
    if (size > largest) largest = size;
  }
  return largest * power <= MAX_DECIMAL ? exponent : -1;
}

/** An integer has no negative zero, so a column that holds one is not written as integers. */
function isNegativeZero(zero: number): boolean {
  return 1 / zero < 0;
}

function writeRaw(column: Float64Array, start: number, end: number): void {
  for (let i = start; i < end; i++) body.f64(column[i]!);
}

function writeTimes(times: Float64Array, start: number, end: number, scale: number): void {
  let previous = Math.round(times[start]! * scale);
  let step = 0;
  let zeros = 0;
  body.zigzag(previous);
  for (let i = start + 1; i < end; i++) {
    const time = Math.round(times[i]! * scale);
    const change = time - previous - step;
    step = time - previous;
    previous = time;
    if (change === 0) {
      zeros++;
      continue;
    }
    if (zeros > 0) endRun(zeros);
    zeros = 0;
    body.zigzag(change);
  }
  if (zeros > 0) endRun(zeros);
}

function endRun(zeros: number): void {
  body.u8(0);
  body.varint(zeros);
}

function writeDecimals(values: Float64Array, start: number, end: number, exponent: number): void {
  const power = powersOfTen[exponent]!;
  let previous = 0;
  body.u8(exponent);
  for (let i = start; i < end; i++) {
    const scaled = Math.round(values[i]! * power);
    body.zigzag(scaled - previous);
    previous = scaled;
  }
}
