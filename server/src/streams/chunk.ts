import { crc32 } from 'node:zlib';
import { blocksOf, ByteReader, ByteWriter, decodeBlock, writeBlock, type Columns } from '@quantumflux/sdk/protocol';
import { DAY, HOUR, MINUTE } from './downsample.ts';
import { coarsen, packRollup, rollUp, unpackRollup, type Rollup } from './rollup.ts';

/**
 * Points of one stream between two times, inclusive, in ms, with their own rollups, so that the two cannot disagree. Never
 * crosses a UTC day; no two chunks of a stream overlap.
 */
export type NewChunk = {
  stream: number;
  tMin: number;
  tMax: number;
  /** Statistics of the whole chunk, each of one number: what the rollup of its day is made of. */
  day: Rollup;
  payload: Uint8Array;
  /** Statistics per minute and per hour; null where they would not be much fewer than the points. */
  minutes: Uint8Array | null;
  hours: Uint8Array | null;
};

// Sealed bytes: u8 codec, u32 CRC-32 of what follows, codec blocks.
const CODEC = 1;
const HEADER_BYTES = 5;

/** A rollup is kept when it has at least this many times fewer rows than there are points. */
const WORTH_A_ROLLUP = 4;

/** The columns, which are ascending and of one UTC day, as a chunk. */
export function makeChunk(stream: number, columns: Columns): NewChunk {
  const { times } = columns;
  const minutes = rollUp(columns, MINUTE);
  const hours = coarsen([minutes], HOUR);
  const out = new ByteWriter(2 * times.length + 64);
  writeBlock(out, stream, columns);
  const isWorth = ({ t }: Rollup) => t.length * WORTH_A_ROLLUP <= times.length;
  return {
    stream,
    tMin: times[0]!,
    tMax: times.at(-1)!,
    day: coarsen([hours], DAY),
    payload: seal(out.toBytes()),
    minutes: isWorth(minutes) ? sealRollup(minutes, MINUTE) : null,
    hours: isWorth(hours) ? sealRollup(hours, HOUR) : null,
  };
}

/** The points of a payload. Bytes that are not what was written are an error. */
export function openPayload(payload: Uint8Array): Columns {
  const [block] = [...blocksOf(unseal(payload))];
  if (!block) throw new Error('A chunk has no points.');
  return decodeBlock(block);
}

/** Statistics of intervals of this length, as they are stored. */
export function sealRollup(rollup: Rollup, intervalMs: number): Uint8Array {
  return seal(packRollup(rollup, intervalMs));
}

/** The statistics of a chunk, of intervals of this length. Bytes that are not what was written are an error. */
export function openRollup(bytes: Uint8Array, intervalMs: number): Rollup {
  return unpackRollup(unseal(bytes), intervalMs);
}

function seal(bytes: Uint8Array): Uint8Array {
  const out = new ByteWriter(bytes.length + HEADER_BYTES);
  out.u8(CODEC);
  out.u32(crc32(bytes));
  out.bytes(bytes);
  return out.toBytes();
}

function unseal(sealed: Uint8Array): Uint8Array {
  const reader = new ByteReader(sealed);
  const codec = reader.u8();
  if (codec !== CODEC) throw new Error(`A chunk is of the codec ${codec}, which this version does not know.`);
  const checksum = reader.u32();
  const bytes = reader.bytes(reader.left);
  if (crc32(bytes) !== checksum) throw new Error('A chunk does not have the checksum that it was written with.');
  return bytes;
}
