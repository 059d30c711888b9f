import {
  MAX_BATCH_POINTS,
  MAX_TIME,
  QuantumFluxError,
  streamKey,
  type Columns,
  type StreamKind,
  type Tags,
} from '@quantumflux/sdk/protocol';
import { parse, streamWrite } from '@quantumflux/sdk/protocol/schemas';

/** Points of one stream on their way in, in columns. */
export type StreamPoints = {
  stream: string;
  tags: Tags;
  key: string;
  unit: string | null;
  kind: StreamKind;
  /** Whether the stream, if it is made now, may be seen with publishable keys. */
  public: boolean;
  columns: Columns;
};

/** What every wire format becomes: stored as a whole, or not at all. */
export type PointBatch = { streams: StreamPoints[]; points: number };

/** Reads the JSON body of `POST /api/v1/points`: one stream, or `{ streams: [...] }`. */
export function batchOf(body: unknown): PointBatch {
  const isMany = typeof body === 'object' && body !== null && 'streams' in body;
  const streams = isMany ? manyOf(body) : [streamOf(body, [])];
  const points = streams.reduce((sum, { columns }) => sum + columns.times.length, 0);
  if (points <= MAX_BATCH_POINTS) return { streams, points };
  throw new QuantumFluxError(
    'too_large',
    `A write may have ${MAX_BATCH_POINTS.toLocaleString('en')} points, this one has ${points.toLocaleString('en')}. Send it in parts.`,
  );
}

function manyOf(body: object): StreamPoints[] {
  const { streams, ...unknown } = body as { streams: unknown };
  const [key] = Object.keys(unknown);
  if (key !== undefined) throw new QuantumFluxError('invalid_input', `${key} is not a key of a write.`, { path: key });
  if (!Array.isArray(streams) || streams.length === 0) {
    throw new QuantumFluxError('invalid_input', 'streams must be a list with at least one stream.', {
      path: 'streams',
    });
  }
  return streams.map((stream, i) => streamOf(stream, ['streams', i]));
}

function streamOf(value: unknown, at: readonly PropertyKey[]): StreamPoints {
  const { stream, tags = {}, unit = null, kind = 'gauge', points } = parse(streamWrite, value, at);
  return { stream, tags, key: streamKey({ stream, tags }), unit, kind, public: false, columns: columnsOf(points, at) };
}

// By hand: a schema would make an object per point.
function columnsOf(points: unknown[], at: readonly PropertyKey[]): Columns {
  const times = new Float64Array(points.length);
  const values = new Float64Array(points.length);
  for (let i = 0; i < points.length; i++) {
    const point = points[i];
    if (!Array.isArray(point) || point.length !== 2) throw badPoint(at, [i], 'must be [time, value]');
    const [time, value] = point as unknown[];
    if (typeof time !== 'number' || !(Math.abs(time) <= MAX_TIME)) {
      throw badPoint(at, [i, 0], 'the time must be a number, ms since the epoch');
    }
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
