import { formatSelector, PARTITIONS, type Position, type Selector } from '@quantumflux/sdk/protocol';
import { streamsIn, visitBlocks } from './blocks.ts';
import { Channel, type Conflation, type Following, type LiveStream, type Viewer } from './channel.ts';
import type { Entry } from './follower.ts';

/** What the channels ask of others. */
export type ChannelPorts = {
  /** A stream that was met, or undefined. */
  streamOf: (id: number) => LiveStream | undefined;
  /** Meets streams that were made elsewhere. */
  meet: (ids: number[]) => Promise<void>;
  /** Follows the partitions of the streams that somebody sees; without it, all are followed. */
  following?: Following | undefined;
  /** A channel has news that it had not. */
  onNews: (channel: Channel) => void;
  /** A channel will have points of streams that its viewers were not told of, or of which something changed. */
  onStreams: (channel: Channel, streams: LiveStream[]) => void;
  /** What the viewers of a channel may not see any more. What was gathered of it must be on its way before. */
  onGone: (channel: Channel, ids: number[]) => void;
};

/** What is asked for; whoever asks for the same shares a channel. */
export type Wish = { selector: Selector; viewer: Viewer; conflation?: Conflation | undefined };

/** How long to wait before streams are asked for again, in ms. */
const RETRY_MS = 250;

/** Brings each entry of the journal to the channels that want something of it. */
export function createChannels(
  { streamOf, meet, following, onNews, onStreams, onGone }: ChannelPorts,
  start: Position,
) {
  let epoch = start.epoch;
  /** Up to here everything was brought to its channels. */
  const heads = headsOf(start);
  let nextId = 1;
  const byPlace = new Map<string, Channel>();
  // Whoever names a stream is found by the name, so that a new stream is not compared with ten thousand selectors.
  const byName = new Map<string, Set<Channel>>();
  /** Channels of each stream, as far as they were asked for. Closed ones are taken out when they are met. */
  const byStream = new Map<number, Channel[]>();
  let closed = 0;
  const queue: Entry[] = [];
  let draining = false;

  function channelsOf(id: number): readonly Channel[] {
    let channels = byStream.get(id);
    if (!channels) {
      const stream = streamOf(id);
      if (!stream) return [];
      channels = candidatesFor(stream).filter((channel) => channel.sees(stream));
      byStream.set(id, channels);
    }
    return channels;
  }

  function candidatesFor({ organization, stream }: LiveStream): Channel[] {
    const named = byName.get(nameKey(organization, stream)) ?? [];
    return [...named, ...(byName.get(nameKey(organization, '*')) ?? [])];
  }

  function deliver(entry: Entry): void {
    const { payload, partition, offset } = entry;
    visitBlocks(payload, (id, start, end) => {
      for (const channel of channelsOf(id)) {
        if (channel.size === 0) continue;
        if (!channel.knows(id)) {
          channel.meet([id]);
          onStreams(channel, [streamOf(id)!]);
        }
        const hadNews = channel.hasNews;
        channel.add(entry, { stream: id, start, end });
        if (!hadNews) onNews(channel);
      }
    });
    heads[partition] = offset;
  }

  const strangersIn = ({ payload }: Entry) => streamsIn(payload).filter((id) => !streamOf(id));

  /** Entries in order, also when a stranger among the streams has to be looked up first. */
  async function drain(): Promise<void> {
    for (let entry = queue[0]; entry; entry = queue[0]) {
      const strangers = strangersIn(entry);
      if (strangers.length > 0 && !(await hasMet(strangers))) continue;
      // The journal was replaced meanwhile: what was waiting is of the old one.
      if (queue[0] !== entry) continue;
      queue.shift();
      deliver(entry);
    }
    draining = false;
  }

  /** Whether they could be asked for. While the database is away they cannot, and what comes waits for them. */
  function hasMet(strangers: number[]): Promise<boolean> {
    return meet(strangers).then(
      () => true,
      () => new Promise((resolve) => setTimeout(() => resolve(false), RETRY_MS).unref()),
    );
  }

  /** Channels that nobody sees any more are in the lists of streams until there are too many. */
  function tidy(): void {
    if (++closed <= byPlace.size + 100) return;
    closed = 0;
    byStream.clear();
  }

  return {
    get epoch() {
      return epoch;
    },
    get heads(): readonly number[] {
      return heads;
    },
    all: (): Iterable<Channel> => byPlace.values(),

    onEntry(entry: Entry): void {
      if (queue.length === 0 && strangersIn(entry).length === 0) return deliver(entry);
      queue.push(entry);
      if (draining) return;
      draining = true;
      void drain();
    },

    /** A partition in which nobody sees a stream went on up to there. */
    onHead(partition: number, offset: number): void {
      // What is still waiting for a stranger was heard when it was followed.
      if (queue.some((entry) => entry.partition === partition)) return;
      heads[partition] = Math.max(offset, heads[partition] ?? 0);
    },

    /** Streams that were made, here or elsewhere; among them some that are known. */
    onNew(streams: readonly LiveStream[]): void {
      const told = new Map<Channel, LiveStream[]>();
      for (const stream of streams) {
        for (const channel of candidatesFor(stream)) {
          if (channel.knows(stream.id) || !channel.sees(stream)) continue;
          told.set(channel, [...(told.get(channel) ?? []), stream]);
        }
      }
      for (const [channel, news] of told) {
        channel.meet(news.map(({ id }) => id));
        onStreams(channel, news);
      }
    },

    onReset(position: Position): void {
      queue.length = 0;
      epoch = position.epoch;
      for (const [partition, head] of headsOf(position).entries()) heads[partition] = head;
      for (const channel of byPlace.values()) channel.reset(heads);
    },

    /** The channel of a wish; the caller is counted as one more subscription. */
    join(wish: Wish): Channel {
      const place = placeOf(wish);
      let channel = byPlace.get(place);
      if (!channel) {
        channel = new Channel({ id: nextId++, heads, following, ...wish });
        byPlace.set(place, channel);
        const key = nameKeyOf(channel);
        byName.set(key, (byName.get(key) ?? new Set()).add(channel));
        for (const [id, channels] of byStream) {
          const stream = streamOf(id);
          if (!stream) byStream.delete(id);
          else if (channel.sees(stream)) channels.push(channel);
        }
      }
      channel.size++;
      return channel;
    },

    leave(channel: Channel): void {
      if (--channel.size > 0) return;
      byPlace.delete(placeOf(channel));
      channel.close();
      const key = nameKeyOf(channel);
      byName.get(key)?.delete(channel);
      if (byName.get(key)?.size === 0) byName.delete(key);
      tidy();
    },

    /** Streams whose unit or visibility changed. */
    onChange(streams: readonly LiveStream[]): void {
      for (const { id } of streams) byStream.delete(id);
      for (const channel of byPlace.values()) {
        const seen = streams.filter((stream) => channel.sees(stream));
        const lost = streams.filter((stream) => channel.knows(stream.id) && !seen.includes(stream));
        channel.meet(seen.map(({ id }) => id));
        if (seen.length > 0) onStreams(channel, seen);
        if (lost.length === 0) continue;
        const ids = lost.map(({ id }) => id);
        for (const id of ids) channel.forget(id);
        onGone(channel, ids);
      }
    },
  };
}

export type Channels = ReturnType<typeof createChannels>;

function headsOf({ offsets }: Position): number[] {
  const heads = new Array<number>(PARTITIONS).fill(0);
  for (const [partition, offset] of offsets) heads[partition] = offset;
  return heads;
}

function placeOf({ selector, viewer: { organization, publicOnly }, conflation }: Wish): string {
  const resolution = conflation ? `${conflation.intervalMs}ms ${conflation.maxHz}Hz` : 'all';
  return `${organization} ${publicOnly ? 'public' : 'all'} ${resolution} ${formatSelector(selector)}`;
}

function nameKeyOf({ selector, viewer }: Channel): string {
  return nameKey(viewer.organization, selector.name.includes('*') ? '*' : selector.name);
}

function nameKey(organization: string, name: string): string {
  return `${organization} ${name}`;
}
