import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter, decodeFrame, encodeFrame, QuantumFluxError, writeBlock, type Frame } from './index.ts';

const range = fc
  .record({
    partition: fc.nat(7),
    after: fc.nat(2 ** 31),
    gaps: fc.array(fc.tuple(fc.integer({ min: 1, max: 1_000 }), fc.uint8Array({ maxLength: 200 })), { maxLength: 5 }),
    more: fc.nat(10),
  })
  .map(({ partition, after, gaps, more }) => {
    let offset = after;
    const entries = gaps.map(([gap, blocks]) => ({ offset: (offset += gap), blocks }));
    return { partition, after, last: offset + more, entries };
  });
const frame: fc.Arbitrary<Frame> = fc.record({
  channel: fc.nat(),
  epoch: fc.maxSafeNat(),
  ranges: fc.array(range, { maxLength: 8 }),
});

test('[F1] what is encoded is decoded', () => {
  fc.assert(
    fc.property(frame, (frame) => {
      expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
    }),
  );
});

test('[F1] golden vector', () => {
  const out = new ByteWriter();
  writeBlock(out, 7, { times: Float64Array.of(1_763_800_000_000), values: Float64Array.of(21.5) });
  const frame: Frame = {
    channel: 3,
    epoch: 300,
    ranges: [
      { partition: 5, after: 41, last: 43, entries: [{ offset: 42, blocks: out.toBytes() }] },
      { partition: 6, after: 9, last: 10, entries: [] },
    ],
  };
  const hex = '0103ac020205290201010d070b10018098e1aad56601ae0306090100';
  expect(Buffer.from(encodeFrame(frame)).toString('hex')).toBe(hex);
  expect(encodeFrame(decodeFrame(Buffer.from(hex, 'hex')))).toEqual(encodeFrame(frame));
});

test('[F1] a frame is read from the middle of other bytes, and its blocks are not copied', () => {
  const bytes = encodeFrame({
    channel: 1,
    epoch: 1,
    ranges: [{ partition: 0, after: 0, last: 1, entries: [{ offset: 1, blocks: Uint8Array.of(9, 8) }] }],
  });
  const buffer = new Uint8Array(bytes.length + 10);
  buffer.set(bytes, 5);
  const [entry] = decodeFrame(buffer.subarray(5, 5 + bytes.length)).ranges[0]!.entries;
  expect([...entry!.blocks]).toEqual([9, 8]);
  expect(entry!.blocks.buffer).toBe(buffer.buffer);
});

describe('bytes that are no frame', () => {
  test('[F2] cut anywhere, or longer than a frame, they are refused', () => {
    fc.assert(
      fc.property(frame, fc.nat(), (frame, cut) => {
        const bytes = encodeFrame(frame);
        expect(() => decodeFrame(bytes.subarray(0, cut % bytes.length))).toThrow(QuantumFluxError);
        expect(() => decodeFrame(Uint8Array.of(...bytes, 0))).toThrow(QuantumFluxError);
      }),
    );
  });

  test('[F2] whatever they are, they are a frame or an error, at once', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeFrame(Uint8Array.of(1, ...bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(QuantumFluxError);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  test('[F2] a count that the bytes cannot hold is refused before room is made for it', () => {
    expect(() => decodeFrame(Uint8Array.of(1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f))).toThrow('ended too early');
  });

  test('[F1] another layout is refused', () => {
    expect(() => decodeFrame(Uint8Array.of(2, 0, 0, 0))).toThrow('does not know the layout');
  });
});
