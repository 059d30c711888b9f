import { newestOf, stepFor } from './position.ts';
import {
  blocksOf,
  decodeBlock,
  decodeFrame,
  streamKey,
  type Position,
  type ResyncReason,
  type StreamMeta,
  type SubscribeReply,
} from './protocol/index.ts';
import type { Message } from './message.ts';
import { Series } from './series.ts';

/** How new points are thinned: of each pixel column, `intervalMs` long, the lowest and the highest, so often. */
export type Conflation = { intervalMs: number; maxHz: number };

/** What a message did to a reader. `behind`: something is missing, so subscribe again from the position. */
export type Received = 'changed' | 'unchanged' | 'behind';

/** What one subscription holds: its series, and how far they are. Does no I/O. */
export class Reader {
  readonly #capacity: number;
  #byId = new Map<number, Series>();
  #series: readonly Series[] = [];
  #position: Position | undefined;
  #intervalMs: number | null = null;
  #conflation: Conflation | null = null;
  #skipped = 0;
  #count = 0;
  #newest = -Infinity;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get series(): readonly Series[] {
    return this.#series;
  }

  /** Undefined until the first reply. */
  get position(): Position | undefined {
    return this.#position;
  }

  get intervalMs(): number | null {
    return this.#intervalMs;
  }

  /** How new points are thinned, as was asked for with `maxHz`; null when all of them come. */
  get conflation(): Conflation | null {
    return this.#conflation;
  }

  /** How many points were taken, history and replays included. */
  get count(): number {
    return this.#count;
  }

  /** The time of the newest point in what was taken last. */
  get newest(): number {
    return this.#newest;
  }

  /** How many points were left out since this was last asked, because the client was too slow for them. */
  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }

  /** Takes the answer to a subscription. If that replaced what was there, says why. */
  accept(reply: SubscribeReply): ResyncReason | undefined {
    this.#keepOnly(reply.streams);
    this.#conflation = reply.conflation ?? null;
    if (reply.is === 'resumed') {
      const { epoch, sections } = decodeFrame(reply.frame);
      const received = sections.map((section) => this.receive({ is: 'section', epoch, ...section }));
      // If even that does not go on from where we are, the next frame finds the same gap.
      if (!received.includes('behind')) this.#position = newestOf(this.#position, reply.position);
      return undefined;
    }
    for (const series of this.#series) series.clear();
    this.#append(reply.blocks);
    this.#intervalMs = reply.intervalMs;
    // A server that does not say why still replaced what was shown.
    const resync = this.#position && (reply.resync ?? 'too_far');
    this.#position = reply.position;
    return resync;
  }

  /** Takes what the server sent on the channel of this subscription. */
  receive(message: Message): Received {
    if (message.is === 'streams') return this.#meet(message.streams);
    if (message.is === 'gone') return this.#lose(message.streams);
    let received: Received = 'unchanged';
    let isNew = false;
    for (const { partition, after, last, entries } of message.ranges) {
      const step = this.#position && stepFor(this.#position, message.epoch, [partition, after, last]);
      if (!step || step.is === 'drop') continue;
      if (step.is !== 'apply') return 'behind';
      for (const { offset, blocks } of entries) {
        if (offset <= step.since) continue;
        this.#append(blocks);
        received = 'changed';
      }
      this.#position = step.position;
      isNew = true;
    }
    // What was conflated was asked for; what was coalesced must be told.
    if (isNew && message.delivery === 'coalesced') {
      this.#skipped += message.skipped;
      received = 'changed';
    }
    return received;
  }

  #append(blocks: Uint8Array): void {
    for (const block of blocksOf(blocks)) {
      const series = this.#byId.get(block.stream);
      // Blocks of a stream that was not announced, or is gone, are not for us.
      if (!series) continue;
      const columns = decodeBlock(block);
      series.append(columns);
      this.#count += columns.times.length;
      this.#newest = columns.times.at(-1)!;
    }
  }

  #meet(streams: readonly StreamMeta[]): Received {
    const all = new Map([...this.#byId.values()].map(({ meta }) => [meta.id, meta]));
    for (const meta of streams) all.set(meta.id, meta);
    return this.#keepOnly([...all.values()]);
  }

  #lose(ids: readonly number[]): Received {
    return this.#keepOnly(this.#series.map(({ meta }) => meta).filter(({ id }) => !ids.includes(id)));
  }

  /** One series per stream. Those that stay keep their identity, also when a restored database numbers them anew. */
  #keepOnly(streams: readonly StreamMeta[]): Received {
    const byKey = new Map(this.#series.map((series) => [series.key, series]));
    const next = streams.map((meta) => {
      const series = byKey.get(streamKey(meta));
      if (!series) return new Series(meta, { capacity: this.#capacity });
      series.describe(meta);
      return series;
    });
    this.#byId = new Map(next.map((series) => [series.meta.id, series]));
    const isSame = next.length === this.#series.length && next.every((series, i) => series === this.#series[i]);
    if (!isSame) this.#series = next;
    return 'changed';
  }
}
