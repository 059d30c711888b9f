import { MAX_WAITING_BYTES, type Position, type StreamMeta } from '@quantumflux/sdk/protocol';
import { createAudiences } from './audience.ts';
import type { Channel, LiveStream } from './channel.ts';
import { createChannels, type ChannelPorts, type Wish } from './channels.ts';
import type { Entry } from './follower.ts';
import { createBeats, createFlushClock } from './flush.ts';
import { dismiss, dismissStuck } from './goodbye.ts';
import { startRound } from './heartbeat.ts';
import { createLaggards, type LaggardOptions, type LaggardPorts } from './laggards.ts';
import type { Member } from './member.ts';
import { EventMessage, FrameMessage, type Message } from './message.ts';
import type { SharedSection } from './section.ts';

/** What broadcasting asks of others. */
export type BroadcastPorts = Pick<ChannelPorts, 'streamOf' | 'meet' | 'following'> &
  Pick<LaggardPorts, 'recent'> & {
    /** Frames were given to so many connections. */
    onFrames: (count: number) => void;
  };

export type BroadcastOptions = LaggardOptions & {
  /** How many bytes may wait for one connection. */
  maxWaitingBytes?: number;
};

/** As many bytes are gathered before they are sent, however busy the loop is: what waits for a connection is bounded. */
const MAX_GATHERED_BYTES = 256 * 1_024;

/**
 * Brings what comes in to all who want it. Channels gather it, audiences share it, outlets send it; whoever does not keep
 * up is taken out until they do.
 */
export function createBroadcast(
  { streamOf, meet, following, recent, onFrames }: BroadcastPorts,
  start: Position,
  { maxWaitingBytes = MAX_WAITING_BYTES, lowBytes = maxWaitingBytes / 4, ...options }: BroadcastOptions = {},
) {
  const audiences = createAudiences();
  const clock = createFlushClock(flush);
  const beats = createBeats<Channel>((channels) => {
    for (const channel of channels) due.add(channel);
    flush();
  });
  /** Channels whose news go out with the next flush. */
  const due = new Set<Channel>();
  /** Bytes that came in since the last flush. */
  let gathered = 0;
  let stopRound: (() => void) | undefined;

  const channels = createChannels(
    {
      streamOf,
      meet,
      following,
      onNews(channel) {
        if (channel.conflation) return beats.add(channel, channel.conflation.maxHz);
        due.add(channel);
        clock.request();
      },
      onStreams: tellStreams,
      onGone(channel, ids) {
        // Nothing of them may follow.
        due.add(channel);
        flush();
        const told = new EventMessage('gone', { channel: channel.id, streams: ids });
        tell(
          channel,
          told,
          ids.map((id) => ({ id })),
        );
      },
    },
    start,
  );

  const laggards = createLaggards(
    {
      recent,
      heads: () => channels.heads,
      epoch: () => channels.epoch,
      tellNews,
      onCaughtUp: audiences.changed,
      onStuck: ({ socket, outlet }) => dismissStuck(socket, outlet),
    },
    { ...options, lowBytes },
  );

  function flush(): void {
    const sections: [Channel, SharedSection][] = [];
    for (const channel of due) if (channel.size > 0 && channel.hasNews) sections.push([channel, channel.take()]);
    due.clear();
    gathered = 0;
    for (const [{ members }, news] of audiences.gather(sections)) {
      onFrames(members.size);
      const frame = new FrameMessage(channels.epoch, news);
      for (const member of members) if (!member.outlet.offer(frame, maxWaitingBytes)) fallBehind(member, news);
    }
  }

  function fallBehind(member: Member, missed: readonly SharedSection[]): void {
    // It knows no section that leaves something out.
    if (member.outlet.form === 'v1') return dismiss(member.socket, 'shutdown', { retryMs: 1_000 });
    audiences.leave(member);
    laggards.add(member, missed);
  }

  /** Sends to all who see a channel; those who cannot follow hear of it later. */
  function tell(channel: Channel, message: Message, about: readonly { id: number }[]): void {
    for (const { members } of audiences.of(channel)) for (const { outlet } of members) outlet.send(message);
    for (const { lag } of laggards.all()) {
      if (!lag?.behind.has(channel)) continue;
      const news = lag.news.get(channel) ?? new Set();
      for (const { id } of about) news.add(id);
      lag.news.set(channel, news);
    }
  }

  function tellStreams(channel: Channel, streams: readonly LiveStream[]): void {
    tell(channel, new EventMessage('streams', { channel: channel.id, streams: streams.map(metaOf) }), streams);
  }

  function tellNews({ outlet, lag }: Member): void {
    for (const [channel, ids] of lag!.news) {
      const all = [...ids];
      const gone = all.filter((id) => !channel.knows(id));
      const streams = all.filter((id) => channel.knows(id)).flatMap((id) => streamOf(id) ?? []);
      if (streams.length > 0)
        outlet.send(new EventMessage('streams', { channel: channel.id, streams: streams.map(metaOf) }));
      if (gone.length > 0) outlet.send(new EventMessage('gone', { channel: channel.id, streams: gone }));
    }
  }

  return {
    onEntry(entry: Entry): void {
      channels.onEntry(entry);
      gathered += entry.payload.length;
      if (gathered > MAX_GATHERED_BYTES) flush();
    },
    onHead: channels.onHead,
    onChange: (streams: LiveStream[]) => channels.onChange(streams),
    onNew: channels.onNew,

    /**
     * The position of now: up to there everything was brought to its channels, or waits for their next section. It is one to go on from, live, for streams of which `covers` says so later: their partitions were
     * followed then, and have been since.
     */
    moment(): { at: Position; covers: (ids: readonly number[]) => boolean } {
      const offsets = channels.heads.map((head, partition): [number, number] => [partition, head]);
      const at = { epoch: channels.epoch, offsets };
      if (!following) return { at, covers: () => true };
      const marks = offsets.map(([partition]) => following.markOf(partition));
      return {
        at,
        covers: (ids) =>
          ids.every((id) => {
            const partition = following.partitionOf(id);
            return marks[partition] !== undefined && marks[partition] === following.markOf(partition);
          }),
      };
    },

    onReset(position: Position): void {
      stopRound?.();
      stopRound = undefined;
      channels.onReset(position);
    },

    /** One more subscription of a member. */
    join(member: Member, wish: Wish): Channel {
      const channel = channels.join(wish);
      member.channels.push(channel);
      laggards.join(member, channel);
      audiences.changed(member);
      return channel;
    },

    /**
     * Tells those who see a channel already of streams that somebody found who joined it. Otherwise the channel would
     * know them, and they would not (S12).
     */
    introduce(channel: Channel, streams: readonly LiveStream[]): void {
      const news = streams.filter(({ id }) => !channel.knows(id));
      if (channel.size > 1 && news.length > 0) tellStreams(channel, news);
    },

    /** Ends one subscription of a member on a channel; says whether there was one. */
    leave(member: Member, channel: Channel): boolean {
      const index = member.channels.indexOf(channel);
      if (index < 0) return false;
      member.channels.splice(index, 1);
      if (!member.channels.includes(channel)) laggards.leave(member, channel);
      audiences.changed(member);
      channels.leave(channel);
      return true;
    },

    /** A member is gone. */
    remove(member: Member): void {
      laggards.remove(member);
      audiences.leave(member);
      for (const channel of member.channels.splice(0)) channels.leave(channel);
    },

    /** Tells everyone how far the journal is (H1). A round that is not over yet goes on instead. */
    beat(): void {
      if (stopRound) return;
      flush();
      stopRound = startRound({
        channels,
        audiences,
        offer(member, message) {
          if (!member.outlet.offer(message, maxWaitingBytes)) fallBehind(member, []);
          else if (member.outlet.waiting > 0) laggards.watch(member);
        },
        onEnd: () => (stopRound = undefined),
      });
    },

    stop(): void {
      stopRound?.();
      clock.stop();
      beats.stop();
      laggards.stop();
    },
  };
}

export type Broadcast = ReturnType<typeof createBroadcast>;

export function metaOf({ id, stream, tags, unit, kind }: LiveStream): StreamMeta {
  return { id, stream, tags, unit, kind };
}
