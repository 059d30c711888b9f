import { expect, test } from 'vitest';
import type { Ask } from './format.ts';
import { otlp } from './otlp.proto.ts';
import { otlpRoute } from './otlp.ts';

const ask = (type: string): Ask => ({ headers: { 'content-type': type }, query: new URLSearchParams() });
const json = ask('application/json');
const protobuf = ask('application/x-protobuf');

const TIME = '1763800000000123456';
const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

function request(...metrics: object[]): Record<string, unknown> {
  const resource = { attributes: [attribute('service.name', 'shop'), attribute('process.command_line', 'node x')] };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'lib' }, metrics }] }] };
}

/** Kind, unit, time and value by key. */
function read(body: Buffer, how: Ask) {
  const { batch, refused } = otlpRoute.read(body, how);
  const streams = batch.streams.map(({ key, kind, unit, columns: { times, values } }) => [
    key,
    [kind, unit, times[0], ...values],
  ]);
  return { refused, streams: Object.fromEntries(streams) as Record<string, unknown[]> };
}
const readJson = (message: object) => read(Buffer.from(JSON.stringify(message)), json);
const readProtobuf = (message: Record<string, unknown>) =>
  read(Buffer.from(otlp.request.encode(otlp.request.fromObject(message)).finish()), protobuf);

const all = request(
  {
    name: 'temp',
    unit: 'Cel',
    gauge: { dataPoints: [{ timeUnixNano: TIME, asDouble: 21.5, attributes: [attribute('room', 'a b')] }] },
  },
  {
    name: 'requests',
    unit: '1',
    sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ timeUnixNano: TIME, asInt: '7' }] },
  },
  {
    name: 'sent',
    sum: { isMonotonic: true, aggregationTemporality: 1, dataPoints: [{ timeUnixNano: TIME, asInt: '3' }] },
  },
  {
    name: 'latency',
    unit: 'ms',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        { timeUnixNano: TIME, count: '4', sum: 30, explicitBounds: [10, 20], bucketCounts: ['2', '2', '0'] },
      ],
    },
  },
  {
    name: 'size',
    exponentialHistogram: {
      aggregationTemporality: 1,
      dataPoints: [
        {
          timeUnixNano: TIME,
          count: '2',
          sum: 6,
          scale: 0,
          zeroCount: '0',
          positive: { offset: 1, bucketCounts: ['2'] },
        },
      ],
    },
  },
  {
    name: 'gc',
    summary: {
      dataPoints: [{ timeUnixNano: TIME, count: '2', sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }],
    },
  },
);

const at = 1_763_800_000_000.123;
const expected = {
  'temp{room="a b",service.name="shop"}': ['gauge', 'Cel', at, 21.5],
  'requests{service.name="shop"}': ['counter', null, at, 7],
  'sent{service.name="shop"}': ['gauge', null, at, 3],
  'latency.count{service.name="shop"}': ['counter', null, at, 4],
  'latency.sum{service.name="shop"}': ['counter', 'ms', at, 30],
  'latency.p50{service.name="shop"}': ['gauge', 'ms', at, 10],
  'latency.p95{service.name="shop"}': ['gauge', 'ms', at, 19],
  'latency.p99{service.name="shop"}': ['gauge', 'ms', at, 19.8],
  'size.count{service.name="shop"}': ['gauge', null, at, 2],
  'size.sum{service.name="shop"}': ['gauge', null, at, 6],
  'size.p50{service.name="shop"}': ['gauge', null, at, 3],
  'size.p95{service.name="shop"}': ['gauge', null, at, expect.closeTo(3.9)],
  'size.p99{service.name="shop"}': ['gauge', null, at, expect.closeTo(3.98)],
  'gc.count{service.name="shop"}': ['counter', null, at, 2],
  'gc.sum{service.name="shop"}': ['counter', null, at, 3],
  'gc.p50{service.name="shop"}': ['gauge', null, at, 1],
};

test('every kind of metric becomes streams, the same from JSON and from protobuf', () => {
  expect(readJson(all)).toEqual({ refused: undefined, streams: expected });
  expect(readProtobuf(all)).toEqual({ refused: undefined, streams: expected });
});

test('an empty request is in order', () => {
  expect(readJson({}).streams).toEqual({});
  expect(read(Buffer.alloc(0), protobuf).streams).toEqual({});
});

test('numbers may be written as numbers, and unknown fields are ignored', () => {
  const dataPoints = [{ timeUnixNano: 1_763_800_000_000_000_000, asInt: 7, exemplars: [{}] }];
  expect(readJson({ ...request({ name: 'a', gauge: { dataPoints }, description: 'x' }), future: 1 }).streams).toEqual({
    'a{service.name="shop"}': ['gauge', null, 1_763_800_000_000, 7],
  });
});

test('a data point without a value is skipped; one that cannot be stored is counted, and the others are read', () => {
  const dataPoints = [
    { timeUnixNano: TIME, flags: 1 },
    { timeUnixNano: TIME, asDouble: 'NaN' },
    { timeUnixNano: TIME, asDouble: 1, attributes: [attribute('long', 'x'.repeat(300))] },
    { timeUnixNano: TIME, asDouble: 2 },
  ];
  const { streams, refused } = readJson(request({ name: 'a', gauge: { dataPoints } }));
  expect(streams).toEqual({ 'a{service.name="shop"}': ['gauge', null, at, 2] });
  expect(refused).toEqual({ points: 2, message: 'a: the value is not a finite number.' });
});

test('a stream that comes in two units keeps the first', () => {
  const gauge = (unit: string, asDouble: number) => ({
    name: 'a',
    unit,
    gauge: { dataPoints: [{ timeUnixNano: TIME, asDouble }] },
  });
  const { streams, refused } = readJson(request(gauge('ms', 1), gauge('s', 2), gauge('', 3)));
  expect(streams).toEqual({ 'a{service.name="shop"}': ['gauge', 'ms', at, 1, 3] });
  expect(refused).toEqual({ points: 1, message: 'a{service.name="shop"}: comes in ms and in s.' });
});

test('what was refused is said as partial success, in the encoding of the question', () => {
  const reading = { batch: { streams: [], points: 0 }, refused: { points: 2, message: 'Because.' } };
  const message = { partialSuccess: { rejectedDataPoints: '2', errorMessage: 'Because.' } };
  expect(JSON.parse(otlpRoute.answer!(reading, json).body as string)).toEqual(message);
  expect(otlpRoute.answer!({ batch: reading.batch }, json).body).toBe('{}');
  const { type, body } = otlpRoute.answer!(reading, protobuf);
  expect(type).toBe('application/x-protobuf');
  expect(otlp.response.toObject(otlp.response.decode(body as Uint8Array), { longs: String })).toEqual(message);
});

test.each([
  ['a list', Buffer.from('[]'), json],
  ['a list where metrics should be', Buffer.from('{"resourceMetrics":[[]]}'), json],
  [
    'a time that is text',
    Buffer.from(JSON.stringify(request({ name: 'a', gauge: { dataPoints: [{ timeUnixNano: 'x' }] } }))),
    json,
  ],
  ['bytes that are no protobuf', Buffer.from([0x0a, 0xff, 0xff]), protobuf],
])('%s is refused', (_, body, how) => {
  expect(() => otlpRoute.read(body, how)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
});

test('a form is of no type that we know', () => {
  expect(() => otlpRoute.read(Buffer.from('a=b'), ask('application/x-www-form-urlencoded'))).toThrow(
    expect.objectContaining({ code: 'unsupported_type' }),
  );
});
