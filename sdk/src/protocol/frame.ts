import { ByteReader, ByteWriter } from './bytes.ts';
import { QuantumFluxError } from './error.ts';

// New points as they travel to viewers (docs/protocol.md, rule F1):
//
//   u8 layout (2) · varint epoch · sections up to the end, each:
//   varint channel · varint 4 × count of ranges + delivery · varint points left out (only if delivery is not 0), then
//   for each range:
//   varint partition · varint after · varint last - after · varint count of entries, then for each entry:
//   varint offset - after · varint length · codec blocks
//
// Layout 1, of version 1, is one section: u8 1 · varint channel · varint epoch · varint count of ranges · ranges.

const ONE_CHANNEL = 1;
const SECTIONS = 2;

// What a range and an entry take at least.
const RANGE_BYTES = 4;
const ENTRY_BYTES = 2;

/** What one group commit stored for the streams of a subscription. */
export type FrameEntry = { offset: number; blocks: Uint8Array };

/** Everything of a subscription's streams in `partition` after `after`, up to and including `last`. */
export type FrameRange = { partition: number; after: number; last: number; entries: FrameEntry[] };

/**
 * How much of its ranges a section brings. `whole`: every point. `conflated`: of each pixel column the lowest and the
 * highest, as was asked for. `coalesced`: the newest of each stream, to a reader who was too slow for more.
 */
export const deliveries = ['whole', 'conflated', 'coalesced'] as const;
export type Delivery = (typeof deliveries)[number];

/** What a frame has for one channel. `skipped`: how many points of the ranges are left out; 0 when `whole`. */
export type Section = { channel: number; delivery: Delivery; skipped: number; ranges: FrameRange[] };

export type Frame = { epoch: number; sections: Section[] };

/** One section, to be put into as many frames as there are audiences that see its channel. */
export function encodeSection({ channel, delivery, skipped, ranges }: Section): Uint8Array {
  const out = new ByteWriter();
  out.varint(channel);
  out.varint(4 * ranges.length + deliveries.indexOf(delivery));
  if (delivery !== 'whole') out.varint(skipped);
  writeRanges(out, ranges);
  return out.toBytes();
}

/** A frame of sections that are encoded already. */
export function joinSections(epoch: number, sections: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter(16 + sections.reduce((sum, { length }) => sum + length, 0));
  out.u8(SECTIONS);
  out.varint(epoch);
  for (const section of sections) out.bytes(section);
  return out.toBytes();
}

export function encodeFrame({ epoch, sections }: Frame): Uint8Array {
  return joinSections(epoch, sections.map(encodeSection));
}

/** One section as clients of version 1 read it. What they cannot be told, that points are left out, they must not get. */
export function encodeFrameV1(epoch: number, { channel, ranges }: Section): Uint8Array {
  const out = new ByteWriter();
  out.u8(ONE_CHANNEL);
  out.varint(channel);
  out.varint(epoch);
  out.varint(ranges.length);
  writeRanges(out, ranges);
  return out.toBytes();
}

function writeRanges(out: ByteWriter, ranges: readonly FrameRange[]): void {
  for (const { partition, after, last, entries } of ranges) {
    out.varint(partition);
    out.varint(after);
    out.varint(last - after);
    out.varint(entries.length);
    for (const { offset, blocks } of entries) {
      out.varint(offset - after);
      out.varint(blocks.length);
      out.bytes(blocks);
    }
  }
}

/** A frame of either layout. The blocks are views into it. Bytes that are no frame are an `internal` error. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = new ByteReader(bytes);
  const layout = reader.u8();
  if (layout === ONE_CHANNEL) return readOneChannel(reader);
  if (layout !== SECTIONS) throw new QuantumFluxError('internal', 'This version does not know the layout of a frame.');
  const epoch = reader.varint();
  const sections: Section[] = [];
  while (reader.left > 0) sections.push(readSection(reader));
  return { epoch, sections };
}

function readSection(reader: ByteReader): Section {
  const channel = reader.varint();
  const head = reader.varint();
  const delivery = deliveries[head % 4];
  if (delivery === undefined) throw new QuantumFluxError('internal', 'A frame of points has an unknown delivery.');
  const skipped = delivery === 'whole' ? 0 : reader.varint();
  return { channel, delivery, skipped, ranges: readRanges(reader, Math.floor(head / 4)) };
}

function readOneChannel(reader: ByteReader): Frame {
  const channel = reader.varint();
  const epoch = reader.varint();
  const ranges = readRanges(reader, reader.varint());
  if (reader.left > 0) throw new QuantumFluxError('internal', 'A frame of points has more bytes than ranges.');
  return { epoch, sections: [{ channel, delivery: 'whole', skipped: 0, ranges }] };
}

function readRanges(reader: ByteReader, count: number): FrameRange[] {
  // Before anybody makes room for so many.
  if (count * RANGE_BYTES > reader.left) throw new QuantumFluxError('internal', 'A frame of points ended too early.');
  return Array.from({ length: count }, () => readRange(reader));
}

function readRange(reader: ByteReader): FrameRange {
  const partition = reader.varint();
  const after = reader.varint();
  const last = after + reader.varint();
  const entries = Array.from({ length: reader.count(ENTRY_BYTES) }, () => ({
    offset: after + reader.varint(),
    blocks: reader.bytes(reader.varint()),
  }));
  return { partition, after, last, entries };
}
