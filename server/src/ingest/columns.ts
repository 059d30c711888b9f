import { MAX_BATCH_POINTS, QuantumFluxError, type Columns } from '@quantumflux/sdk/protocol';
import { parseJson } from './json.ts';
import {
  batchOf,
  checkStream,
  isTime,
  tooManyPoints,
  withColumns,
  type CheckedStream,
  type PointBatch,
  type StreamPoints,
} from './point-batch.ts';
import { rememberByText } from './remembered.ts';

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
  const { heads, total } = headerOf(body.subarray(LENGTH_BYTES, start));
  if (total > MAX_BATCH_POINTS) throw tooManyPoints();
  if (start + total * 16 !== body.length) throw broken('is not as long as its header says');

  const numbers = numbersOf(body, start);
  let at = 0;
  const streams = heads.map(({ checked, count }, i): StreamPoints => {
    const columns: Columns = {
      times: new Float64Array(numbers.buffer, 8 * at, count),
      values: new Float64Array(numbers.buffer, 8 * (at + count), count),
    };
    at += 2 * count;
    check(columns, i);
    return withColumns(checked, columns);
  });
  return batchOf(streams);
}

type Head = { checked: CheckedStream; count: number };
type Header = { heads: Head[]; total: number };

/** Programs send the same header with every write. */
const known = rememberByText<Header>();

function headerOf(bytes: Buffer): Header {
  const text = bytes.toString('latin1');
  let header = known.get(text);
  if (!header) {
    const heads = headsOf(parseJson(bytes));
    header = { heads, total: heads.reduce((sum, { count }) => sum + count, 0) };
    known.set(text, header);
  }
  return header;
}

function headsOf(header: unknown): Head[] {
  const { streams } = recordOf(header);
  if (!Array.isArray(streams) || streams.length === 0) throw broken('has no list of streams in its header', 'streams');
  return streams.map((head: unknown, i) => {
    const { count } = recordOf(head);
    if (!Number.isInteger(count) || (count as number) < 1) {
      throw broken('needs the count of points, at least one', `streams.${i}.count`);
    }
    return { checked: checkStream(head, ['streams', i], 'count'), count: count as number };
  });
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A copy, because the body may start anywhere and is not ours to keep. One for all streams: they are stored together. */
function numbersOf(body: Buffer, start: number): Float64Array {
  const numbers = new Float64Array((body.length - start) / 8);
  body.copy(new Uint8Array(numbers.buffer), 0, start);
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
