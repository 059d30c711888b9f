import {
  ByteWriter,
  PARTITIONS,
  streamKey,
  writeBlock,
  type FrameEntry,
  type FrameRange,
  type Point,
  type Position,
  type ResyncReason,
  type StreamMeta,
  type StreamWrite,
} from '../protocol/index.ts';
import { thin } from './thin.ts';

/** One write to one stream. */
export type Entry = { partition: number; offset: number; stream: StreamMeta; points: readonly Point[] };

/** What a write put into the journal. `isNew`: it made the stream. */
export type Written = { entry: Entry; isNew: boolean };

/** Streams and their journal, as the server keeps them, in memory: one entry per write. */
export class Journal {
  #epoch = 1;
  #streams = new Map<string, StreamMeta>();
  #partitions: Entry[][] = emptyPartitions();
  #heads = new Array<number>(PARTITIONS).fill(0);
  /** Entries up to these offsets cannot be replayed any more. */
  #forgotten = new Array<number>(PARTITIONS).fill(0);

  get epoch(): number {
    return this.#epoch;
  }

  get streams(): StreamMeta[] {
    return [...this.#streams.values()];
  }

  get position(): Position {
    return { epoch: this.#epoch, offsets: this.#heads.map((head, partition) => [partition, head]) };
  }

  append({ stream: name, tags = {}, unit, kind = 'gauge', points }: StreamWrite): Written {
    const key = streamKey({ stream: name, tags });
    const known = this.#streams.get(key);
    const stream = known ?? { id: this.#streams.size + 1, stream: name, tags, unit: unit ?? null, kind };
    this.#streams.set(key, stream);
    const partition = stream.id % PARTITIONS;
    const entry = { partition, offset: ++this.#heads[partition]!, stream, points };
    this.#partitions[partition]!.push(entry);
    return { entry, isNew: !known };
  }

  /** The points of a stream in a stretch of time, both ends included: in order, of equal times the newest. */
  points({ id }: StreamMeta, { from, to }: { from: number; to: number }): Point[] {
    const byTime = new Map<number, Point>();
    for (const { stream, points } of this.#partitions[id % PARTITIONS]!) {
      if (stream.id !== id) continue;
      for (const point of points) if (point[0] >= from && point[0] <= to) byTime.set(point[0], point);
    }
    return [...byTime.values()].sort(([a], [b]) => a - b);
  }

  /** All points of some streams that are not before `from`, in ms; thinned, where an interval is given. */
  history(
    streams: readonly StreamMeta[],
    { from, intervalMs }: { from: number; intervalMs: number | null },
  ): Uint8Array {
    const out = new ByteWriter();
    for (const stream of streams) {
      const points = this.points(stream, { from, to: Infinity });
      writePoints(out, stream, intervalMs === null ? points : thin(points, intervalMs, { withEnds: true }));
    }
    return out.toBytes();
  }

  /** Everything of some streams since a position, or why that cannot be told. */
  since({ epoch, offsets }: Position, ids: readonly number[]): FrameRange[] | ResyncReason {
    if (epoch !== this.#epoch) return 'epoch';
    const from = new Map(offsets);
    const ranges = this.#partitions.map((entries, partition) => {
      const after = from.get(partition) ?? 0;
      const missed = entries.filter(({ offset, stream }) => offset > after && ids.includes(stream.id));
      return { partition, after, last: this.#heads[partition]!, entries: missed.map(coded) };
    });
    if (ranges.some(({ after, last }) => after > last)) return 'rewound';
    if (ranges.some(({ after, partition }) => after < this.#forgotten[partition]!)) return 'too_far';
    return ranges;
  }

  /** Keeps history, but cannot replay it any more. */
  forget(): void {
    this.#forgotten = [...this.#heads];
  }

  /** Another journal takes its place, as after the restore of a backup. It has the same streams and no points. */
  restore(): void {
    this.#epoch++;
    this.#partitions = emptyPartitions();
    this.#heads = this.#heads.map(() => 0);
    this.#forgotten = this.#heads.map(() => 0);
  }
}

function emptyPartitions(): Entry[][] {
  return Array.from({ length: PARTITIONS }, () => []);
}

export function coded({ offset, stream, points }: Entry): FrameEntry {
  const out = new ByteWriter();
  writePoints(out, stream, points);
  return { offset, blocks: out.toBytes() };
}

export function writePoints(out: ByteWriter, { id }: StreamMeta, points: readonly Point[]): void {
  if (points.length === 0) return;
  writeBlock(out, id, {
    times: Float64Array.from(points, ([time]) => time),
    values: Float64Array.from(points, ([, value]) => value),
  });
}
