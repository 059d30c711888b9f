import { matcherOf, type FrameRange, type Section, type Selector, type StreamMeta } from '@quantumflux/sdk/protocol';
import type { Audience } from './audience.ts';
import { Backlog } from './backlog.ts';
import { gatherExtremes } from './conflation.ts';
import { gatherAll, type Gathering } from './gathering.ts';
import { SharedSection } from './section.ts';

/** A stream as the live side knows it. */
export type LiveStream = StreamMeta & { organization: string; public: boolean };

/** Who may see which streams. */
export type Viewer = { organization: string; publicOnly: boolean };

/** The newest offset of each partition, by its number. */
export type Heads = readonly number[];

/** How new points are thinned (S14): `intervalMs` is how long a pixel column is. */
export type Conflation = { intervalMs: number; maxHz: number };

/** What is needed of partitions whose streams somebody sees. */
export type Following = {
  partitionOf: (stream: number) => number;
  /** The same as long as a partition is followed without a break; undefined while it is not. */
  markOf: (partition: number) => number | undefined;
  /** Follows a partition from the head on that was told last; gives back what ends it. */
  watch: (partition: number) => () => void;
};

export type ChannelOptions = {
  id: number;
  selector: Selector;
  viewer: Viewer;
  conflation?: Conflation | undefined;
  heads: Heads;
  /** Without it, all partitions are followed. */
  following?: Following | undefined;
};

/** One selection of streams at one resolution. What came of it is encoded once, for all who see it. */
export class Channel {
  readonly id: number;
  readonly viewer: Viewer;
  readonly selector: Selector;
  readonly conflation: Conflation | undefined;
  /** Who sees it. */
  readonly audiences = new Set<Audience>();
  /** Number of subscriptions; several may be of one socket. */
  size = 0;
  readonly #matches: (stream: StreamMeta) => boolean;
  readonly #known = new Set<number>();
  /** Up to here everything was sent, or there was nothing to send. */
  readonly #sent: number[];
  readonly #gathering: Gathering;
  readonly #following: Following | undefined;
  /** The partitions of its streams, and what ends their being followed. */
  readonly #watched = new Map<number, () => void>();
  #backlog: Backlog | undefined;

  constructor({ id, selector, viewer, conflation, heads, following }: ChannelOptions) {
    this.id = id;
    this.selector = selector;
    this.viewer = viewer;
    this.conflation = conflation;
    this.#matches = matcherOf(selector);
    this.#sent = [...heads];
    this.#following = following;
    this.#gathering = conflation ? gatherExtremes(conflation.intervalMs) : gatherAll();
  }

  get hasNews(): boolean {
    return !this.#gathering.isEmpty;
  }

  sees(stream: LiveStream): boolean {
    const { organization, publicOnly } = this.viewer;
    return stream.organization === organization && (stream.public || !publicOnly) && this.#matches(stream);
  }

  /** Whether its viewers were told of this stream. */
  knows(id: number): boolean {
    return this.#known.has(id);
  }

  /** From now on it has points of these. */
  meet(ids: Iterable<number>): void {
    for (const id of ids) {
      if (this.#known.has(id)) continue;
      this.#known.add(id);
      const partition = this.#following?.partitionOf(id);
      if (partition === undefined || this.#watched.has(partition)) continue;
      this.#watched.set(partition, this.#following!.watch(partition));
    }
  }

  /** Nobody sees it any more. */
  close(): void {
    for (const stop of this.#watched.values()) stop();
    this.#watched.clear();
  }

  forget(id: number): void {
    this.#known.delete(id);
  }

  /** Adds a block of one of its streams to the next section. */
  add(
    { partition, offset, payload }: { partition: number; offset: number; payload: Uint8Array },
    block: { stream: number; start: number; end: number },
  ): void {
    const sent = this.#sent[partition] ?? 0;
    this.#gathering.add({ partition, offset, payload, sent, ...block });
  }

  /** Everything that was added, as a section. */
  take(): SharedSection {
    const section = new SharedSection({ channel: this.id, ...this.#gathering.take() });
    for (const { partition, last } of section.section.ranges) this.#sent[partition] = last;
    this.#backlog?.add(section);
    return section;
  }

  /** How far it can be told that there is nothing but what was sent. `heads`: up to there all entries were gone through. */
  reach(heads: Heads): number[] {
    return heads.map((head, partition) =>
      this.#gathering.has(partition) ? this.#sent[partition]! : Math.max(head, this.#sent[partition] ?? 0),
    );
  }

  /** A section without points, up to `reach`. It does not count as sent before `rest` says so. */
  idle(reach: readonly number[]): SharedSection {
    const ranges = reach.map((last, partition) => ({
      partition,
      after: this.#sent[partition] ?? 0,
      last,
      entries: [],
    }));
    return new SharedSection({ channel: this.id, delivery: 'whole', skipped: 0, ranges });
  }

  /** All of its viewers were told that there was nothing up to `reach`. */
  rest(reach: readonly number[]): void {
    for (const [partition, last] of reach.entries()) {
      if (!this.#gathering.has(partition)) this.#sent[partition] = Math.max(last, this.#sent[partition] ?? 0);
    }
  }

  /** Starts again from another position. */
  reset(heads: Heads): void {
    this.#gathering.clear();
    for (const [partition, head] of heads.entries()) this.#sent[partition] = head;
  }

  /** Somebody cannot follow any more, and did not get `missed`. What goes by is counted from there on. */
  fallBehind(missed: SharedSection | undefined): Behind {
    const offsets = [...this.#sent];
    for (const { partition, after } of missed?.section.ranges ?? []) offsets[partition] = after;
    if (!this.#backlog) {
      this.#backlog = new Backlog();
      if (missed) this.#backlog.add(missed);
    }
    this.#backlog.followers++;
    const { points, bytes } = missed?.size ?? { points: 0, bytes: 0 };
    return { offsets, points: this.#backlog.points - points, bytes: this.#backlog.bytes - bytes };
  }

  /** Somebody who was behind is not any more, or is gone. */
  catchUp(): void {
    if (this.#backlog && --this.#backlog.followers <= 0) this.#backlog = undefined;
  }

  /** How many bytes of blocks went by since then. */
  missedBytes({ bytes }: Behind): number {
    return (this.#backlog?.bytes ?? bytes) - bytes;
  }

  /** What somebody who was behind may get instead of all: of each stream the newest block. */
  coalesced(behind: Behind, reach: readonly number[]): Section {
    const backlog = this.#backlog;
    const wants = (stream: number) => this.knows(stream);
    const ranges = stretchesOf(behind, reach).map((stretch): FrameRange => ({
      ...stretch,
      entries: backlog?.newestIn(stretch, wants) ?? [],
    }));
    const sent = new SharedSection({ channel: this.id, delivery: 'coalesced', skipped: 0, ranges });
    const skipped = Math.max(0, (backlog?.points ?? 0) - behind.points - sent.size.points);
    return { channel: this.id, delivery: skipped > 0 ? 'coalesced' : 'whole', skipped, ranges };
  }
}

/** Where somebody was who could not follow, and how much had gone by. */
export type Behind = { offsets: number[]; points: number; bytes: number };

/** What is between a position and another one. */
export function stretchesOf({ offsets }: Pick<Behind, 'offsets'>, reach: readonly number[]) {
  return reach.map((last, partition) => {
    const after = offsets[partition] ?? 0;
    return { partition, after, last: Math.max(after, last) };
  });
}
