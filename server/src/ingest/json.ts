import { QuantumFluxError, type Columns } from '@quantumflux/sdk/protocol';
import { isUtf8 } from 'node:buffer';
import { batchOf, checkStream, isTime, withColumns, type PointBatch, type StreamPoints } from './point-batch.ts';

/** Reads the JSON body of `POST /api/v1/points`: one stream, or `{ streams: [...] }`. */
export function readPoints(body: unknown): PointBatch {
  const isMany = typeof body === 'object' && body !== null && 'streams' in body;
  return batchOf(isMany ? manyOf(body) : [streamOf(body, [])]);
}

/** The value that a body of JSON holds. */
export function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw new QuantumFluxError('invalid_input', 'The body is not UTF-8 text.');
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : 'it cannot be read to its end';
    throw new QuantumFluxError('invalid_input', `The body is not JSON: ${reason}.`, { cause });
  }
}

/** One stream and its points, as JSON says them. `at` is where in the body they stand. */
export function streamOf(value: unknown, at: readonly PropertyKey[]): StreamPoints {
  const checked = checkStream(value, at, 'points');
  const { points } = value as { points?: unknown };
  if (Array.isArray(points) && points.length > 0) return withColumns(checked, columnsOf(points, at));
  const path = [...at, 'points'].join('.');
  throw new QuantumFluxError('invalid_input', `${path}: must be a list with at least one point.`, { path });
}

function manyOf(body: object): StreamPoints[] {
  const { streams } = body as { streams: unknown };
  const key = Object.keys(body).find((name) => name !== 'streams');
  if (key !== undefined) throw new QuantumFluxError('invalid_input', `${key} is not a key of a write.`, { path: key });
  if (!Array.isArray(streams) || streams.length === 0) {
    throw new QuantumFluxError('invalid_input', 'streams must be a list with at least one stream.', {
      path: 'streams',
    });
  }
  return streams.map((stream, i) => streamOf(stream, ['streams', i]));
}

// By hand: a schema would make an object per point.
function columnsOf(points: unknown[], at: readonly PropertyKey[]): Columns {
  const times = new Float64Array(points.length);
  const values = new Float64Array(points.length);
  for (let i = 0; i < points.length; i++) {
    const point = points[i];
    if (!Array.isArray(point) || point.length !== 2) throw badPoint(at, [i], 'must be [time, value]');
    const [time, value] = point as unknown[];
    if (!isTime(time)) throw badPoint(at, [i, 0], 'the time must be a number, ms since the epoch');
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw badPoint(at, [i, 1], 'the value must be a finite number');
    times[i] = time;
    values[i] = value;
  }
  return { times, values };
}

function badPoint(at: readonly PropertyKey[], rest: readonly number[], what: string): QuantumFluxError {
  const path = [...at, 'points', ...rest].join('.');
  return new QuantumFluxError('invalid_input', `${path}: ${what}.`, { path });
}
