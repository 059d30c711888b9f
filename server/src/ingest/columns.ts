import { MAX_BATCH_POINTS, QuantumFluxError, type Columns } from '@quantumflux/sdk/protocol';
import { parseJson } from './json.ts';
import {
  batchOf,
  checkStream,
  isTime,
  tooManyPoints,
  type CheckedStream,
  type PointBatch,
  type StreamPoints,
} from './point-batch.ts';

export { COLUMNS_TYPE } from '@quantumflux/sdk/protocol';

// All numbers are little-endian.
//   u32 length of the header in bytes · header, JSON: {"streams": [{stream, tags?, unit?, kind?, count}, …]}
//   then for each stream, in that order: count × float64 time in ms since the epoch, count × float64 value

/** The fewest bytes that may hold a header. */
const LENGTH_BYTES = 4;
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reads binary columns: what a program that has its points in columns can send without writing them as text. */
export function readColumns(body: Buffer): PointBatch {
  if (body.length < LENGTH_BYTES) throw broken('ends before its header');
  const start = LENGTH_BYTES + body.readUInt32LE();
  if (start > body.length) throw broken('ends before its header does');
  const heads = headsOf(parseJson(body.subarray(LENGTH_BYTES, start)));
  const total = heads.reduce((sum, { count }) => sum + count, 0);
  if (total > MAX_BATCH_POINTS) throw tooManyPoints();
  if (start + total * 16 !== body.length) throw broken('is not as long as its header says');

  let at = start;
  const streams = heads.map(({ checked, count }, i): StreamPoints => {
    const columns: Columns = { times: column(body, at, count), values: column(body, at + count * 8, count) };
    at += count * 16;
    check(columns, i);
    return { ...checked, columns };
  });
  return batchOf(streams);
}

function headsOf(header: unknown): { checked: CheckedStream; count: number }[] {
  const { streams } = recordOf(header);
  if (!Array.isArray(streams) || streams.length === 0) throw broken('has no list of streams in its header', 'streams');
  return streams.map((head: unknown, i) => {
    const { count, ...stream } = recordOf(head);
    if (!Number.isInteger(count) || (count as number) < 1) {
      throw broken('needs the count of points, at least one', `streams.${i}.count`);
    }
    return { checked: checkStream(stream, ['streams', i]), count: count as number };
  });
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** A copy, because the body may start anywhere and is not ours to keep. */
function column(body: Buffer, at: number, count: number): Float64Array {
  const numbers = new Float64Array(count);
  const bytes = new Uint8Array(numbers.buffer);
  bytes.set(body.subarray(at, at + bytes.length));
  if (!isLittleEndian) Buffer.from(numbers.buffer).swap64();
  return numbers;
}

function check({ times, values }: Columns, stream: number): void {
  for (let i = 0; i < times.length; i++) {
    const problem = !isTime(times[i])
      ? 'the time must be a number, ms since the epoch'
      : !Number.isFinite(values[i])
        ? 'the value must be a finite number'
        : undefined;
    if (problem) {
      throw new QuantumFluxError('invalid_input', `streams.${stream}: point ${i}: ${problem}.`, {
        path: `streams.${stream}`,
      });
    }
  }
}

function broken(how: string, path?: string): QuantumFluxError {
  return new QuantumFluxError('invalid_input', `The body of columns ${how}.`, path === undefined ? {} : { path });
}
