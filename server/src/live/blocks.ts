import { ByteReader } from '@quantumflux/sdk/protocol';

/** Where blocks are in the bytes that came in. Nothing is copied before it is sent. */
export type Piece = { payload: Uint8Array; start: number; end: number };

/** Goes through the blocks of an entry, and makes no object of any. */
export function visitBlocks(payload: Uint8Array, visit: (stream: number, start: number, end: number) => void): void {
  const reader = new ByteReader(payload);
  while (reader.left > 0) {
    const start = reader.at;
    const stream = reader.varint();
    const length = reader.varint();
    reader.at += length;
    visit(stream, start, reader.at);
  }
}

/** The streams of an entry. */
export function streamsIn(payload: Uint8Array): number[] {
  const streams: number[] = [];
  visitBlocks(payload, (stream) => streams.push(stream));
  return streams;
}

/** Adds a piece; one that goes on where the last ended becomes part of it. */
export function addPiece(pieces: Piece[], payload: Uint8Array, start: number, end: number): void {
  const last = pieces.at(-1);
  if (last?.payload === payload && last.end === start) last.end = end;
  else pieces.push({ payload, start, end });
}

/** The bytes of pieces: a view where it is one, else a copy. */
export function bytesOf(pieces: readonly Piece[]): Uint8Array {
  const [first, ...others] = pieces;
  if (first && others.length === 0) return first.payload.subarray(first.start, first.end);
  const bytes = new Uint8Array(pieces.reduce((sum, { start, end }) => sum + end - start, 0));
  let at = 0;
  for (const { payload, start, end } of pieces) {
    bytes.set(payload.subarray(start, end), at);
    at += end - start;
  }
  return bytes;
}
