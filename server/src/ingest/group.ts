import { ByteWriter, writeBlock, type Columns } from '@quantumflux/sdk/protocol';

/** What one partition gets in one group commit. Times in ms since the epoch. */
export type GroupEntry = { partition: number; payload: Uint8Array; tMin: number; tMax: number };

/** Points of one stream that were waiting, in the order in which they came. */
export type Piece = { id: number; partition: number; columns: Columns };

/** One payload per partition, in it one codec block per stream. A point is encoded here and never again. */
export function groupOf(pieces: Piece[]): GroupEntry[] {
  const partitions = new Map<number, Map<number, Columns[]>>();
  for (const { id, partition, columns } of pieces) {
    const streams = getOrSet(partitions, partition, () => new Map<number, Columns[]>());
    getOrSet(streams, id, () => []).push(columns);
  }
  return [...partitions].map(([partition, streams]) => entryOf(partition, streams));
}

function entryOf(partition: number, streams: Map<number, Columns[]>): GroupEntry {
  const out = new ByteWriter();
  let [tMin, tMax] = [Infinity, -Infinity];
  for (const [id, pieces] of streams) {
    const columns = pieces.length === 1 ? pieces[0]! : join(pieces);
    for (const time of columns.times) {
      if (time < tMin) tMin = time;
      if (time > tMax) tMax = time;
    }
    writeBlock(out, id, columns);
  }
  return { partition, payload: out.toBytes(), tMin, tMax };
}

function join(pieces: Columns[]): Columns {
  const length = pieces.reduce((sum, { times }) => sum + times.length, 0);
  const joined: Columns = { times: new Float64Array(length), values: new Float64Array(length) };
  let at = 0;
  for (const { times, values } of pieces) {
    joined.times.set(times, at);
    joined.values.set(values, at);
    at += times.length;
  }
  return joined;
}

function getOrSet<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
