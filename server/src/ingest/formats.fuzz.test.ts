import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formats, mutated } from './formats.testing.ts';
import { inflate } from './inflate.ts';
import { snappy } from './snappy.testing.ts';

describe.each(formats)('$name', ({ route: { read }, type, body }) => {
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
