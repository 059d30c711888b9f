import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readMqttPayload } from './mqtt-payload.ts';

const NOW = 1_763_800_000_000;
const place = { stream: 'plant.temp', tags: { line: '3' } };
const read = (payload: string) => readMqttPayload(Buffer.from(payload), place, { now: NOW });

/** The points by the keys of their streams. */
function pointsOf(payload: string): Record<string, [number, number][]> {
  const entries = read(payload).batch.streams.map(({ key, columns: { times, values } }) => [
    key,
    Array.from(times, (time, i) => [time, values[i]!]),
  ]);
  return Object.fromEntries(entries) as Record<string, [number, number][]>;
}

test.each([
  ['21.5', 21.5],
  [' -3 \n', -3],
  ['+.5e1', 5],
  ['1.', 1],
  ['TRUE', 1],
  ['false', 0],
])('the bare number %j is of the topic, and of now', (payload, value) => {
  expect(pointsOf(payload)).toEqual({ 'plant.temp{line="3"}': [[NOW, value]] });
});

test('the numbers of an object are streams behind that of the topic; texts are passed over', () => {
  const payload = {
    Time: '2026-11-22T10:00:00Z',
    value: 1,
    'heat index': 2,
    AM2301: { Temperature: 21.5, Unit: 'C', Alarm: true },
    list: [1, 2],
    none: null,
  };
  const time = Date.parse('2026-11-22T10:00:00Z');
  expect(pointsOf(JSON.stringify(payload))).toEqual({
    'plant.temp{line="3"}': [[time, 1]],
    'plant.temp.heat_index{line="3"}': [[time, 2]],
    'plant.temp.AM2301.Temperature{line="3"}': [[time, 21.5]],
    'plant.temp.AM2301.Alarm{line="3"}': [[time, 1]],
  });
});

test('a time in ms counts; without one it is now', () => {
  expect(pointsOf('{"value":1,"ts":1763800000123.5}')).toEqual({ 'plant.temp{line="3"}': [[1_763_800_000_123.5, 1]] });
  expect(pointsOf('{"value":1}')).toEqual({ 'plant.temp{line="3"}': [[NOW, 1]] });
});

test('what says itself where it goes, goes there', () => {
  expect(pointsOf('{"stream":"a","points":[[1,2]]}')).toEqual({ a: [[1, 2]] });
  expect(pointsOf('{"streams":[{"stream":"a","points":[[1,2]]}]}')).toEqual({ a: [[1, 2]] });
  expect(pointsOf('b,host=x value=2 3000000')).toEqual({ 'b{host="x"}': [[3, 2]] });
});

test.each([
  ['', 'no points'],
  ['{}', 'no numbers'],
  ['{"state":"on"}', 'no numbers'],
  ['{"value":1e999}', 'must be a finite number'],
  ['{"value":1,"time":"yesterday"}', 'ms since the epoch, or ISO 8601'],
  ['{"value":1,"time":null}', 'ms since the epoch, or ISO 8601'],
  ['{"value":', 'not JSON'],
  ['{"points":[[1,2]]}', 'stream'],
])('%j is refused with a sentence', (payload, sentence) => {
  expect(() => read(payload)).toThrow(sentence);
});

test('whatever comes is points that are in order, or a refusal with a sentence', () => {
  const payloads = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .dictionary(fc.string(), fc.oneof(fc.double(), fc.boolean(), fc.string()))
      .map((body) => Buffer.from(JSON.stringify(body))),
  );
  fc.assert(
    fc.property(payloads, (payload) => {
      try {
        const { batch } = readMqttPayload(payload, place, { now: NOW });
        for (const { columns } of batch.streams) {
          expect(columns.times.every((time) => Math.abs(time) <= 8.64e15)).toBe(true);
          expect(columns.values.every(Number.isFinite)).toBe(true);
        }
      } catch (error) {
        if (!(error instanceof QuantumFluxError)) throw error;
        expect(error.code).toBe('invalid_input');
        expect(error.message).toMatch(/.{10,}\.$/s);
      }
    }),
    { numRuns: 2_000 },
  );
});
