import fc from 'fast-check';
import { COLUMNS_TYPE } from './columns.ts';
import { encodeColumns } from './columns.testing.ts';
import type { WriteRoute } from './format.ts';
import { influxRoutes } from './influx.ts';
import { otlp } from './otlp.proto.ts';
import { otlpRoute } from './otlp.ts';
import { pointsRoute } from './points.ts';
import { remoteWriteRoute } from './remote-write.ts';
import { encodeWriteRequest } from './remote-write.testing.ts';
import { uploadRoute } from './upload.ts';

/** One way to write, a body that is in order, and how any stream is written in it. */
export type Format = {
  name: string;
  route: WriteRoute;
  type: string;
  body: Buffer;
  encode: (stream: AnyStream) => Buffer;
};

/** What somebody may want to write: names and numbers that are in order or not. */
export type AnyStream = { stream: string; tags: Record<string, string>; points: [time: number, value: number][] };

const otlpOf = ({ stream, tags, points }: AnyStream) => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'a' } }] },
      scopeMetrics: [
        {
          metrics: [
            {
              name: stream,
              gauge: {
                dataPoints: points.map(([time, value]) => ({
                  timeUnixNano: String(Math.max(0, Math.trunc(time)) * 1e6),
                  asDouble: value,
                  attributes: Object.entries(tags).map(([key, stringValue]) => ({ key, value: { stringValue } })),
                })),
              },
            },
          ],
        },
      ],
    },
  ],
});

const linesOf = ({ stream, tags, points }: AnyStream) => {
  const escaped = (text: string) => text.replaceAll(/([,= ])/g, '\\$1');
  const head = [escaped(stream), ...Object.entries(tags).map(([k, v]) => `${escaped(k)}=${escaped(v)}`)].join(',');
  return Buffer.from(points.map(([time, value]) => `${head} value=${value},n=1i ${Math.trunc(time)}\n`).join(''));
};

const sample: AnyStream = {
  stream: 'a',
  tags: { b: 'c' },
  points: [
    [1_763_800_000_000, 1.5],
    [1_763_800_001_000, -3],
  ],
};

const encoders: Omit<Format, 'body'>[] = [
  { name: 'JSON', route: pointsRoute, type: 'application/json', encode: (any) => Buffer.from(JSON.stringify(any)) },
  {
    name: 'columns',
    route: pointsRoute,
    type: COLUMNS_TYPE,
    encode: ({ points, ...stream }) =>
      encodeColumns([{ ...stream, times: points.map(([t]) => t), values: points.map(([, v]) => v) }]),
  },
  { name: 'line protocol', route: influxRoutes[0]!, type: 'text/plain', encode: linesOf },
  { name: 'line protocol 1', route: influxRoutes[1]!, type: 'text/plain', encode: linesOf },
  {
    name: 'OTLP in JSON',
    route: otlpRoute,
    type: 'application/json',
    encode: (any) => Buffer.from(JSON.stringify(otlpOf(any))),
  },
  {
    name: 'OTLP in protobuf',
    route: otlpRoute,
    type: 'application/x-protobuf',
    encode: (any) => Buffer.from(otlp.request.encode(otlp.request.fromObject(otlpOf(any))).finish()),
  },
  {
    name: 'remote-write',
    route: remoteWriteRoute,
    type: 'application/x-protobuf',
    encode: ({ stream, tags, points }) =>
      encodeWriteRequest([
        {
          labels: { __name__: stream, ...tags },
          samples: points.map(([time, value]) => [value, Math.trunc(time)]),
        },
      ]),
  },
  {
    name: 'CSV',
    route: uploadRoute,
    type: 'text/csv',
    encode({ stream, tags, points }) {
      const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const rows = points.map(([time, value]) => [time, ...Object.values(tags).map(cell), value]);
      return Buffer.from(
        [['time', ...Object.keys(tags).map(cell), cell(stream)], ...rows].map((row) => `${row.join(',')}\n`).join(''),
      );
    },
  },
  {
    name: 'NDJSON',
    route: uploadRoute,
    type: 'application/x-ndjson',
    encode: ({ stream, tags, points }) =>
      Buffer.from(points.map(([t, v]) => `${JSON.stringify({ t, ...tags, [stream]: v })}\n`).join('')),
  },
];

/** Every way to write points over HTTP. */
export const formats: Format[] = encoders.map((format) => ({ ...format, body: format.encode(sample) }));

/** A valid body with some bytes changed, a piece cut out, or a piece twice. */
export const mutated = (body: Buffer) =>
  fc
    .record({
      changes: fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { maxLength: 4 }),
      cut: fc.tuple(fc.nat(body.length), fc.nat(8)),
      twice: fc.tuple(fc.nat(body.length), fc.nat(body.length)),
    })
    .map(({ changes, cut: [from, length], twice: [start, end] }) => {
      const copy = Buffer.from(body);
      for (const [at, byte] of changes) copy[at] = byte;
      const shorter = Buffer.concat([copy.subarray(0, from), copy.subarray(from + length)]);
      return Buffer.concat([shorter, body.subarray(start, end)]);
    });

const anyText = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[A-Za-z_][\w.:/-]{0,20}$/) },
  fc.string({ unit: 'binary', maxLength: 20 }),
  // As long as it may be, and longer; what does not shrink, in one to four bytes a character.
  fc.string({ unit: 'binary', minLength: 190, maxLength: 260 }),
  fc.constantFrom('', ' ', '__proto__', 'constructor', 'time', 'value', 'stream', '\u0000', '\ud800', '*', '"', '\\'),
);

const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 8.64e15, 8.64e15 + 1, -8.64e15, Number.MAX_VALUE, Number.MIN_VALUE, NaN, Infinity),
);

/** Streams as a program with a mistake would send them, or an enemy; many of them are in order. */
export const anyStream: fc.Arbitrary<AnyStream> = fc.record({
  stream: anyText,
  tags: fc.dictionary(anyText, anyText, { maxKeys: 17 }),
  points: fc.array(
    fc.tuple(fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 2e12 }) }, anyNumber), anyNumber),
    { minLength: 1, maxLength: 5 },
  ),
});
