import { ByteReader, ByteWriter } from './bytes.ts';
import { QuantumFluxError } from './error.ts';

// New points as they travel to viewers (docs/protocol.md, rule F1):
//
//   u8 layout (1) · varint channel · varint epoch · varint count of ranges, then for each range:
//   varint partition · varint after · varint last - after · varint count of entries, then for each entry:
//   varint offset - after · varint length · codec blocks

const LAYOUT = 1;

// What a range and an entry take at least.
const RANGE_BYTES = 4;
const ENTRY_BYTES = 2;

/** What one group commit stored for the streams of a subscription. */
export type FrameEntry = { offset: number; blocks: Uint8Array };

/** Everything of a subscription's streams in `partition` after `after`, up to and including `last`. */
export type FrameRange = { partition: number; after: number; last: number; entries: FrameEntry[] };

export type Frame = { channel: number; epoch: number; ranges: FrameRange[] };

export function encodeFrame({ channel, epoch, ranges }: Frame): Uint8Array {
  const out = new ByteWriter();
  out.u8(LAYOUT);
  out.varint(channel);
  out.varint(epoch);
  out.varint(ranges.length);
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
  return out.toBytes();
}

/** The blocks are views into the frame. Bytes that are no frame are an `internal` error. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== LAYOUT)
    throw new QuantumFluxError('internal', 'This version does not know the layout of a frame.');
  const channel = reader.varint();
  const epoch = reader.varint();
  const ranges = Array.from({ length: reader.count(RANGE_BYTES) }, () => readRange(reader));
  if (reader.left > 0) throw new QuantumFluxError('internal', 'A frame of points has more bytes than ranges.');
  return { channel, epoch, ranges };
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
