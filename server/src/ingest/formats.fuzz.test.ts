import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLUMNS_TYPE } from './columns.ts';
import { encodeColumns } from './columns.testing.ts';
import type { WriteRoute } from './format.ts';
import { inflate } from './inflate.ts';
import { influxRoutes } from './influx.ts';
import { otlp } from './otlp.proto.ts';
import { otlpRoute } from './otlp.ts';
import { pointsRoute } from './points.ts';
import { remoteWriteRoute } from './remote-write.ts';
import { encodeWriteRequest } from './remote-write.testing.ts';
import { snappy } from './snappy.testing.ts';
import { uploadRoute } from './upload.ts';

const metrics = {
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'a' } }] },
      scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: [{ timeUnixNano: '1000000', asDouble: 1 }] } }] }],
    },
  ],
};

const formats: [string, WriteRoute, string, Buffer][] = [
  ['JSON', pointsRoute, 'application/json', Buffer.from('{"stream":"a","tags":{"b":"c"},"points":[[1,1.5],[2,3]]}')],
  ['columns', pointsRoute, COLUMNS_TYPE, encodeColumns([{ stream: 'a', times: [1, 2], values: [3, 4] }])],
  ['line protocol', influxRoutes[0]!, 'text/plain', Buffer.from('a,b=c d=1.5,e="x",f=t,g=1i 1763800000000000000\n')],
  ['OTLP in JSON', otlpRoute, 'application/json', Buffer.from(JSON.stringify(metrics))],
  [
    'OTLP in protobuf',
    otlpRoute,
    'application/x-protobuf',
    Buffer.from(otlp.request.encode(otlp.request.fromObject(metrics)).finish()),
  ],
  [
    'remote-write',
    remoteWriteRoute,
    'application/x-protobuf',
    encodeWriteRequest([{ labels: { __name__: 'up', job: 'a' }, samples: [[1, 1_763_800_000_000]] }]),
  ],
  ['CSV', uploadRoute, 'text/csv', Buffer.from('time,host,"a b"\n1000,x,1.5\n2026-11-22T10:00:00Z,y,2\n')],
  ['NDJSON', uploadRoute, 'application/x-ndjson', Buffer.from('{"t":1,"host":"x","v":1.5}\n{"t":2,"v":2}\n')],
];

/** A valid body with some bytes changed, a piece cut out, or a piece twice. */
const mutated = (body: Buffer) =>
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

describe.each(formats)('%s', (_, { read }, type, body) => {
  const ask = { headers: { 'content-type': type }, query: new URLSearchParams() };

  test('is read whole when it is in order', () => {
    const { batch, refused } = read(body, ask);
    expect(batch.points).toBeGreaterThan(0);
    expect(refused).toBeUndefined();
  });

  test.each<[string, fc.Arbitrary<Buffer>]>([
    ['random bytes', fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))],
    ['a body that was cut off', fc.nat(body.length - 1).map((length) => body.subarray(0, length))],
    ['a body with mistakes', mutated(body)],
  ])('%s are points that are in order, or a refusal with a sentence', (_, bodies) => {
    fc.assert(
      fc.property(bodies, (bytes) => {
        try {
          const { batch } = read(bytes, ask);
          const columns = batch.streams.map(({ columns }) => columns);
          expect(columns.reduce((sum, { times }) => sum + times.length, 0)).toBe(batch.points);
          for (const { times, values } of columns) {
            expect(times.length).toBe(values.length);
            expect(times.every((time) => Math.abs(time) <= 8.64e15) && values.every(Number.isFinite)).toBe(true);
          }
        } catch (error) {
          if (!(error instanceof QuantumFluxError)) throw error;
          expect(['invalid_input', 'too_large']).toContain(error.code);
          expect(error.message).toMatch(/.{10,}\.$/s);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

test('whatever claims to be compressed is inflated, or refused with a sentence', async () => {
  const plain = Buffer.from('a value=1\n'.repeat(20));
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    mutated(snappy(plain)),
  );
  await fc.assert(
    fc.asyncProperty(
      bodies,
      fc.constantFrom('gzip', 'deflate', 'snappy', 'br', 'constructor'),
      async (body, encoding) => {
        await inflate(body, encoding, 1_000).then(
          (inflated) => expect(inflated.length).toBeLessThanOrEqual(1_000),
          (error: unknown) => {
            if (!(error instanceof QuantumFluxError)) throw error;
            expect(['invalid_input', 'unsupported_type', 'too_large']).toContain(error.code);
          },
        );
      },
    ),
    { numRuns: 500 },
  );
});
