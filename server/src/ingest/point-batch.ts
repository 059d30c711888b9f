import {
  MAX_BATCH_POINTS,
  MAX_KEY_BYTES,
  MAX_TIME,
  QuantumFluxError,
  streamKey,
  type Columns,
  type StreamKind,
  type Tags,
} from '@quantumflux/sdk/protocol';
import { parse, streamWrite } from '@quantumflux/sdk/protocol/schemas';
import { rememberByText } from './remembered.ts';

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

/** A stream whose name, tags, unit and kind are in order. */
export type CheckedStream = Omit<StreamPoints, 'columns'>;

const identity = streamWrite.omit({ points: true });

/** Half of a character: PostgreSQL would store something else than what was sent. */
const loneSurrogate = /\p{Surrogate}/u;

/** Agents send the same streams all day, and to find one costs a tenth of what it costs to check it. */
const checked = rememberByText<CheckedStream>();

/**
 * Checks what a stream is called, for all formats. `at` is where in the body it stands, `besides` the key that holds the
 * points there and is none of its name.
 */
export function checkStream(value: unknown, at: readonly PropertyKey[] = [], besides?: string): CheckedStream {
  const text = textOf(value, besides);
  const known = text === undefined ? undefined : checked.get(text);
  if (known) return known;
  const stream = check(isRecord(value) && besides !== undefined ? without(value, besides) : value, at);
  if (text !== undefined) checked.set(text, stream);
  return stream;
}

/** Everything that it says, in one text that nothing else has; undefined for what is in no order anyway. */
function textOf(value: unknown, besides?: string): string | undefined {
  if (!isRecord(value)) return undefined;
  let text = '';
  for (const name of Object.keys(value)) {
    if (name === besides) continue;
    const field = value[name];
    // Lengths, because every character may be part of a value.
    if (typeof field === 'string') text += `${name.length}:${name}${field.length}:${field}`;
    else if (name === 'tags' && isRecord(field)) {
      const tags = textOf(field);
      if (tags === undefined) return undefined;
      text += `{${tags}}`;
    } else if (field !== undefined) return undefined;
  }
  return text;
}

function without(value: Record<string, unknown>, key: string): Record<string, unknown> {
  const { [key]: _, ...rest } = value;
  return rest;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function check(value: unknown, at: readonly PropertyKey[]): CheckedStream {
  const { stream, tags = {}, unit = null, kind = 'gauge' } = parse(identity, value, at);
  const key = streamKey({ stream, tags });
  if (loneSurrogate.test(key) || loneSurrogate.test(unit ?? '')) {
    const path = [...at, 'tags'].join('.');
    throw new QuantumFluxError('invalid_input', `${path}: has half a character (a lone surrogate).`, { path });
  }
  // An index of PostgreSQL holds no more: the insert would fail.
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    const path = [...at, 'tags'].join('.');
    const sentence = `${path}: name and tags may have ${MAX_KEY_BYTES} bytes together. Make tags shorter or fewer.`;
    throw new QuantumFluxError('invalid_input', sentence, { path });
  }
  return { stream, tags, key, unit, kind, public: false };
}

/** A stream with its points. Spelled out: thousands a second are made, and a spread costs five times as much. */
export function withColumns(checked: CheckedStream, columns: Columns): StreamPoints {
  const { stream, tags, key, unit, kind } = checked;
  return { stream, tags, key, unit, kind, public: checked.public, columns };
}

/** Whether this can be the time of a point, in ms since the epoch. */
export function isTime(time: unknown): time is number {
  return typeof time === 'number' && Math.abs(time) <= MAX_TIME;
}

/** Gathers the streams of one write. */
export function batchOf(streams: StreamPoints[]): PointBatch {
  const points = streams.reduce((sum, { columns }) => sum + columns.times.length, 0);
  if (points > MAX_BATCH_POINTS) throw tooManyPoints();
  return { streams, points };
}

/** One write has more points than the server takes at once. */
export function tooManyPoints(): QuantumFluxError {
  return new QuantumFluxError(
    'too_large',
    `A write may have ${MAX_BATCH_POINTS.toLocaleString('en')} points, this one has more. Send it in parts.`,
  );
}
