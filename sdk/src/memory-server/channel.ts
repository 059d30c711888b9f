import {
  ByteWriter,
  type FrameRange,
  type Point,
  type Position,
  type Section,
  type StreamMeta,
} from '../protocol/index.ts';
import { coded, writePoints, type Entry } from './journal.ts';
import { thin } from './thin.ts';

export type Conflation = { intervalMs: number; maxHz: number };

type ChannelOptions = {
  /** Tells channels apart. */
  key: string;
  /** How messages name it. */
  number: number;
  matches: (stream: StreamMeta) => boolean;
  position: Position;
  conflation: Conflation | undefined;
};

/** All who see the same streams in the same way, and what they were sent. */
export class Channel<Member> {
  readonly key: string;
  readonly number: number;
  readonly matches: (stream: StreamMeta) => boolean;
  readonly conflation: Conflation | undefined;
  /** One per subscription, so somebody may be in it twice. */
  readonly members: Member[] = [];
  #sentAt = -Infinity;
  #sent: Map<number, number>;
  #waiting: Entry[] = [];

  /** It has sent nothing after `position`. */
  constructor({ key, number, matches, position, conflation }: ChannelOptions) {
    this.key = key;
    this.number = number;
    this.matches = matches;
    this.conflation = conflation;
    this.#sent = new Map(position.offsets);
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** When what waits may go, in ms of the local clock: at once, unless something went a moment ago. */
  get dueAt(): number {
    return this.conflation ? this.#sentAt + 1_000 / this.conflation.maxHz : -Infinity;
  }

  add(entry: Entry): void {
    this.#waiting.push(entry);
  }

  /** What waits, as it is to be sent. `coalesced`: of each stream the newest write only. */
  take({ coalesced = false } = {}): Section {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#sentAt = Date.now();
    const { conflation } = this;
    const delivery = coalesced ? 'coalesced' : conflation ? 'conflated' : 'whole';
    const reduce = (entries: readonly Entry[]): readonly Point[] => {
      if (coalesced) return entries.at(-1)!.points;
      const points = entries.flatMap(({ points }) => points);
      return conflation ? thin(points, conflation.intervalMs) : points;
    };
    const kept = [...groupBy(waiting, ({ stream }) => stream.id).values()].map((entries) => {
      const { partition, stream } = entries[0]!;
      return { partition, stream, points: reduce(entries) };
    });
    const skipped = count(waiting) - count(kept);
    const ranges = [...groupBy(waiting, ({ partition }) => partition)].map(([partition, entries]): FrameRange => {
      const range = this.#rangeTo(partition, entries.at(-1)!.offset);
      if (skipped === 0) return { ...range, entries: entries.map(coded) };
      const out = new ByteWriter();
      for (const { stream, points } of kept.filter((each) => each.partition === partition))
        writePoints(out, stream, points);
      return { ...range, entries: [{ offset: range.last, blocks: out.toBytes() }] };
    });
    return { channel: this.number, delivery: skipped === 0 ? 'whole' : delivery, skipped, ranges };
  }

  /** Nothing of it was missed up to here (H1). */
  heads({ offsets }: Position): Section {
    const ranges = offsets.map(([partition, head]) => ({ ...this.#rangeTo(partition, head), entries: [] }));
    return { channel: this.number, delivery: 'whole', skipped: 0, ranges };
  }

  /** The journal is another one. */
  restart(): void {
    this.#sent = new Map();
    this.#waiting = [];
  }

  #rangeTo(partition: number, last: number): Omit<FrameRange, 'entries'> {
    const after = this.#sent.get(partition) ?? 0;
    this.#sent.set(partition, last);
    return { partition, after, last };
  }
}

function count(entries: readonly { points: readonly Point[] }[]): number {
  return entries.reduce((sum, { points }) => sum + points.length, 0);
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => number): Map<number, Item[]> {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
