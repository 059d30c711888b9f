import {
  blocksOf,
  formatSelector,
  type Block,
  type Position,
  type Range,
  type Selector,
} from '@quantumflux/sdk/protocol';
import { Audience, type LiveStream, type Viewer } from './audience.ts';
import type { Entry } from './follower.ts';

/** What the audiences ask of others. */
export type AudiencePorts = {
  /** A stream that was met, or undefined. */
  streamOf: (id: number) => LiveStream | undefined;
  /** Meets streams that were made elsewhere. */
  meet: (ids: number[]) => Promise<void>;
  /** Sends to all sockets of an audience. */
  send: {
    frame: (audience: Audience, frame: Uint8Array) => void;
    streams: (audience: Audience, streams: LiveStream[]) => void;
    gone: (audience: Audience, ids: number[]) => void;
    heads: (audience: Audience, message: { epoch: number; ranges: Range[] }) => void;
  };
};

/** Brings each entry of the journal to the audiences that want it: a frame per audience and turn of the loop. */
export function createAudiences({ streamOf, meet, send }: AudiencePorts, start: Position) {
  let epoch = start.epoch;
  /** Up to here everything was brought to its audiences. */
  const heads = new Map(start.offsets);
  let nextChannel = 1;
  const byPlace = new Map<string, Audience>();
  /** Audiences of each stream, as far as they were asked for since something changed. */
  const byStream = new Map<number, Audience[]>();
  const queue: Entry[] = [];
  let draining = false;

  function audiencesOf(id: number): Audience[] {
    let audiences = byStream.get(id);
    if (!audiences) {
      const stream = streamOf(id);
      audiences = stream ? [...byPlace.values()].filter((audience) => audience.sees(stream)) : [];
      byStream.set(id, audiences);
    }
    return audiences;
  }

  function deliver({ partition, offset }: Entry, blocks: Block[]): void {
    for (const { stream: id, bytes } of blocks) {
      for (const audience of audiencesOf(id)) {
        if (!audience.knows(id)) {
          audience.meet([{ id }]);
          send.streams(audience, [streamOf(id)!]);
        }
        audience.add(partition, offset, bytes);
      }
    }
    heads.set(partition, offset);
  }

  function flush(): void {
    for (const audience of byPlace.values()) {
      if (audience.hasNews) send.frame(audience, audience.takeFrame(epoch));
    }
  }

  /** Entries in order, also when a stranger among the streams has to be looked up first. */
  async function drain(): Promise<void> {
    for (let entry = queue[0]; entry; entry = queue[0]) {
      const blocks = [...blocksOf(entry.payload)];
      const strangers = blocks.map(({ stream }) => stream).filter((id) => !streamOf(id));
      if (strangers.length > 0) await meet(strangers);
      // The journal was replaced meanwhile: what was waiting is of the old one.
      if (queue[0] !== entry) continue;
      queue.shift();
      deliver(entry, blocks);
    }
    flush();
  }

  return {
    onEntry(entry: Entry): void {
      queue.push(entry);
      if (draining) return;
      draining = true;
      // The next turn of the loop, so that all entries of one message share a frame.
      setImmediate(() => void drain().finally(() => (draining = false)));
    },

    onReset(position: Position): void {
      queue.length = 0;
      epoch = position.epoch;
      for (const [partition, offset] of position.offsets) heads.set(partition, offset);
      for (const audience of byPlace.values()) audience.reset(heads);
    },

    /** The audience of a selector; the caller is counted as one more subscription. */
    join(selector: Selector, viewer: Viewer): Audience {
      const place = placeOf(selector, viewer);
      let audience = byPlace.get(place);
      if (!audience) {
        audience = new Audience({ channel: nextChannel++, viewer, selector, heads });
        byPlace.set(place, audience);
        byStream.clear();
      }
      audience.size++;
      return audience;
    },

    /** Up to here everything was brought to its audiences, or waits for their next frame. */
    position: (): Position => ({ epoch, offsets: [...heads] }),

    leave(audience: Audience): void {
      if (--audience.size > 0) return;
      for (const [place, each] of byPlace) if (each === audience) byPlace.delete(place);
      byStream.clear();
    },

    /** Streams whose unit or visibility changed. */
    onChange(streams: LiveStream[]): void {
      byStream.clear();
      for (const audience of byPlace.values()) {
        const seen = streams.filter((stream) => audience.sees(stream));
        const lost = streams.filter(({ id }) => audience.knows(id)).filter((stream) => !seen.includes(stream));
        if (seen.length > 0) send.streams(audience, seen);
        if (lost.length > 0)
          send.gone(
            audience,
            lost.map(({ id }) => id),
          );
        audience.meet(seen);
        for (const { id } of lost) audience.forget(id);
      }
    },

    /** Tells everyone how far the journal is. */
    beat(): void {
      if (draining) return;
      for (const audience of byPlace.values()) {
        send.heads(audience, { epoch, ranges: audience.takeHeads(heads) });
      }
    },
  };
}

export type Audiences = ReturnType<typeof createAudiences>;

function placeOf(selector: Selector, { organization, publicOnly }: Viewer): string {
  return `${organization} ${publicOnly ? 'public' : 'all'} ${formatSelector(selector)}`;
}
