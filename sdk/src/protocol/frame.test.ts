import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ByteWriter,
  decodeFrame,
  deliveries,
  encodeFrame,
  encodeFrameV1,
  encodeSection,
  joinSections,
  QuantumFluxError,
  writeBlock,
  type Frame,
  type Section,
} from './index.ts';

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
const section: fc.Arbitrary<Section> = fc
  .record({
    channel: fc.nat(),
    delivery: fc.constantFrom(...deliveries),
    skipped: fc.nat(),
    ranges: fc.array(range, { maxLength: 8 }),
  })
  .map((section) => ({ ...section, skipped: section.delivery === 'whole' ? 0 : section.skipped }));
const frame: fc.Arbitrary<Frame> = fc.record({
  epoch: fc.maxSafeNat(),
  sections: fc.array(section, { maxLength: 4 }),
});

const block = () => {
  const out = new ByteWriter();
  writeBlock(out, 7, { times: Float64Array.of(1_763_800_000_000), values: Float64Array.of(21.5) });
  return out.toBytes();
};
const first = (): Section => ({
  channel: 3,
  delivery: 'whole',
  skipped: 0,
  ranges: [
    { partition: 5, after: 41, last: 43, entries: [{ offset: 42, blocks: block() }] },
    { partition: 6, after: 9, last: 10, entries: [] },
  ],
});

test('[F1] what is encoded is decoded', () => {
  fc.assert(
    fc.property(frame, (frame) => {
      expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
    }),
  );
});

test('[F1] a section is the same in every frame', () => {
  fc.assert(
    fc.property(frame, ({ epoch, sections }) => {
      expect(joinSections(epoch, sections.map(encodeSection))).toEqual(encodeFrame({ epoch, sections }));
    }),
  );
});

test('[F1] golden vector', () => {
  const frame: Frame = {
    epoch: 300,
    sections: [first(), { channel: 200, delivery: 'coalesced', skipped: 500, ranges: [] }],
  };
  const hex = '02ac02' + '030805290201010d070b10018098e1aad56601ae0306090100' + 'c80102f403';
  expect(Buffer.from(encodeFrame(frame)).toString('hex')).toBe(hex);
  expect(encodeFrame(decodeFrame(Buffer.from(hex, 'hex')))).toEqual(encodeFrame(frame));
});

test('[F5] golden vector of version 1', () => {
  const hex = '0103ac020205290201010d070b10018098e1aad56601ae0306090100';
  expect(Buffer.from(encodeFrameV1(300, first())).toString('hex')).toBe(hex);
  expect(decodeFrame(Buffer.from(hex, 'hex'))).toEqual({ epoch: 300, sections: [first()] });
});

test('[F5] what a server of version 1 sends is read', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), section, (epoch, section) => {
      const whole = { ...section, delivery: 'whole' as const, skipped: 0 };
      expect(decodeFrame(encodeFrameV1(epoch, whole))).toEqual({ epoch, sections: [whole] });
    }),
  );
});

test('[F1] a frame is read from the middle of other bytes, and its blocks are not copied', () => {
  const ranges = [{ partition: 0, after: 0, last: 1, entries: [{ offset: 1, blocks: Uint8Array.of(9, 8) }] }];
  const bytes = encodeFrame({ epoch: 1, sections: [{ channel: 1, delivery: 'whole', skipped: 0, ranges }] });
  const buffer = new Uint8Array(bytes.length + 10);
  buffer.set(bytes, 5);
  const [entry] = decodeFrame(buffer.subarray(5, 5 + bytes.length)).sections[0]!.ranges[0]!.entries;
  expect([...entry!.blocks]).toEqual([9, 8]);
  expect(entry!.blocks.buffer).toBe(buffer.buffer);
});

describe('bytes that are no frame', () => {
  test('[F2] cut anywhere within a section, or longer than a frame, they are refused', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), section, fc.nat(), (epoch, section, cut) => {
        const head = joinSections(epoch, []).length;
        const bytes = encodeFrame({ epoch, sections: [section] });
        const end = head + 1 + (cut % (bytes.length - head - 1));
        expect(() => decodeFrame(bytes.subarray(0, end))).toThrow(QuantumFluxError);
        expect(() => decodeFrame(Uint8Array.of(...bytes, 0))).toThrow(QuantumFluxError);
        const old = encodeFrameV1(epoch, section);
        expect(() => decodeFrame(old.subarray(0, cut % old.length))).toThrow(QuantumFluxError);
        expect(() => decodeFrame(Uint8Array.of(...old, 0))).toThrow(QuantumFluxError);
      }),
    );
  });

  test('[F2] whatever they are, they are a frame or an error, at once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 }), fc.uint8Array({ maxLength: 60 }), (layout, bytes) => {
        try {
          decodeFrame(Uint8Array.of(layout, ...bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(QuantumFluxError);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  test('[F2] a count that the bytes cannot hold is refused before room is made for it', () => {
    expect(() => decodeFrame(Uint8Array.of(1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f))).toThrow('ended too early');
    expect(() => decodeFrame(Uint8Array.of(2, 0, 0, 0xfc, 0xff, 0xff, 0xff, 0x0f))).toThrow('ended too early');
  });

  test('[F1] another layout, and another delivery, is refused', () => {
    expect(() => decodeFrame(Uint8Array.of(3, 0, 0, 0))).toThrow('does not know the layout');
    expect(() => decodeFrame(Uint8Array.of(2, 0, 0, 3))).toThrow('unknown delivery');
  });
});
