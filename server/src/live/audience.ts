import {
  encodeFrame,
  matcherOf,
  type FrameRange,
  type Range,
  type Selector,
  type StreamMeta,
} from '@quantumflux/sdk/protocol';

/** A stream as the live side knows it. */
export type LiveStream = StreamMeta & { organization: string; public: boolean };

/** Who may see which streams. */
export type Viewer = { organization: string; publicOnly: boolean };

/** The newest offset of each partition. */
export type Heads = ReadonlyMap<number, number>;

/** All sockets that see the same streams. What they get is framed once. */
export class Audience {
  readonly channel: number;
  readonly viewer: Viewer;
  /** Number of subscriptions; several may be of one socket. */
  size = 0;
  readonly #matches: (stream: StreamMeta) => boolean;
  readonly #known = new Set<number>();
  /** Up to here everything was sent, or there was nothing to send. */
  readonly #sent: Map<number, number>;
  readonly #ranges = new Map<number, FrameRange>();

  constructor({
    channel,
    viewer,
    selector,
    heads,
  }: {
    channel: number;
    viewer: Viewer;
    selector: Selector;
    heads: Heads;
  }) {
    this.channel = channel;
    this.viewer = viewer;
    this.#matches = matcherOf(selector);
    this.#sent = new Map(heads);
  }

  /** The room of its sockets. */
  get room(): string {
    return `audience:${this.channel}`;
  }

  get hasNews(): boolean {
    return this.#ranges.size > 0;
  }

  sees(stream: LiveStream): boolean {
    const { organization, publicOnly } = this.viewer;
    return stream.organization === organization && (stream.public || !publicOnly) && this.#matches(stream);
  }

  /** Whether the members were told of this stream. */
  knows(id: number): boolean {
    return this.#known.has(id);
  }

  meet(streams: readonly { id: number }[]): void {
    for (const { id } of streams) this.#known.add(id);
  }

  forget(id: number): void {
    this.#known.delete(id);
  }

  /** Adds a block of one of its streams to the next frame. */
  add(partition: number, offset: number, block: Uint8Array): void {
    let range = this.#ranges.get(partition);
    if (!range) {
      range = { partition, after: this.#sent.get(partition) ?? 0, last: offset, entries: [] };
      this.#ranges.set(partition, range);
    }
    range.last = offset;
    const newest = range.entries.at(-1);
    if (newest?.offset === offset) newest.blocks = concat(newest.blocks, block);
    else range.entries.push({ offset, blocks: block });
  }

  /** Everything that was added, as one frame. */
  takeFrame(epoch: number): Uint8Array {
    const ranges = [...this.#ranges.values()];
    this.#ranges.clear();
    for (const { partition, last } of ranges) this.#sent.set(partition, last);
    return encodeFrame({ epoch, sections: [{ channel: this.channel, delivery: 'whole', skipped: 0, ranges }] });
  }

  /** What was gone through since the last frame without anything for this audience. Call it with nothing waiting. */
  takeHeads(heads: Heads): Range[] {
    return [...heads].map(([partition, head]) => {
      const after = this.#sent.get(partition) ?? 0;
      this.#sent.set(partition, head);
      return [partition, after, head];
    });
  }

  /** Starts again from another position. */
  reset(heads: Heads): void {
    this.#ranges.clear();
    for (const [partition, offset] of heads) this.#sent.set(partition, offset);
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
