import { QuantumFluxError, resolveTime } from '@quantumflux/sdk/protocol';
import { BatchBuilder } from '../batch-builder.ts';
import type { Reading } from '../format.ts';
import { parseJson, readPoints } from '../json.ts';
import { streamNameOf } from '../names.ts';
import { looksLikeJson, readPayload } from '../payload.ts';
import { isTime } from '../point-batch.ts';
import type { Place } from './topic-map.ts';

/** Objects in objects, at most; sensors have two or three. */
const MAX_DEPTH = 8;

const timeNames = ['time', 'timestamp', 'ts', 'datetime', 'date'];
const bare = /^\s*([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|true|false)\s*$/i;

/**
 * Reads what came on a topic: a bare number; an object with numbers, each of which is a stream behind that of the topic;
 * or what says itself where it goes, JSON of `POST /api/v1/points` or line protocol. Without a time of its own it is of
 * `now`, ms since the epoch.
 */
export function readMqttPayload(payload: Buffer, place: Place, { now }: { now: number }): Reading {
  const [, value] = payload.length > 40 ? [] : (bare.exec(payload.toString('latin1')) ?? []);
  if (value !== undefined) return pointsOf(place, { value: JSON.parse(jsonOf(value)) as unknown }, now);
  if (!looksLikeJson(payload)) return readPayload(payload, { now });
  const body = parseJson(payload) as Record<string, unknown>;
  if ('points' in body || 'streams' in body) return { batch: readPoints(body) };
  return pointsOf(place, body, now);
}

/** Numbers that people write and JSON has not: `+1`, `.5`, `1.`, `TRUE`. */
function jsonOf(value: string): string {
  const word = value.toLowerCase();
  return word === 'true' || word === 'false' ? word : JSON.stringify(Number(value));
}

function pointsOf({ stream, tags }: Place, body: Record<string, unknown>, now: number): Reading {
  const timeName = Object.keys(body).find((name) => timeNames.includes(name.toLowerCase()));
  const { [timeName ?? '']: given, ...fields } = body;
  const time = timeName === undefined ? now : timeOf(given, timeName, now);
  const builder = new BatchBuilder();
  for (const [path, value] of numbersIn(fields)) {
    if (!Number.isFinite(value)) throw invalid(`${path}: the value must be a finite number.`, path);
    // `value` goes by the name of the topic alone, as in line protocol.
    const name = path === 'value' ? stream : `${stream}.${streamNameOf(path)}`;
    builder.add(builder.open({ stream: name, tags: { ...tags } }), time, value);
  }
  if (builder.points === 0) throw invalid('The message has no numbers.');
  return { batch: builder.finish() };
}

/** Numbers and booleans with their way to them. Texts, lists and null are passed over. */
function* numbersIn(fields: object, before = '', depth = 1): Generator<[path: string, value: number]> {
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    const path = `${before}${name}`;
    if (typeof value === 'number' || typeof value === 'boolean') yield [path, Number(value)];
    else if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < MAX_DEPTH)
      yield* numbersIn(value, `${path}.`, depth + 1);
  }
}

function timeOf(given: unknown, name: string, now: number): number {
  try {
    const time = resolveTime(typeof given === 'number' ? given : String(given), now);
    if (isTime(time)) return time;
  } catch (cause) {
    if (!(cause instanceof QuantumFluxError)) throw cause;
  }
  throw invalid(`${name}: the time must be ms since the epoch, or ISO 8601.`, name);
}

function invalid(message: string, path?: string): QuantumFluxError {
  return new QuantumFluxError('invalid_input', message, path === undefined ? {} : { path });
}
