import {
  MAX_STUCK_MS,
  MAX_WAITING_BYTES,
  type FrameEntry,
  type FrameRange,
  type Section,
} from '@quantumflux/sdk/protocol';
import { addPiece, bytesOf, visitBlocks, type Piece } from './blocks.ts';
import { stretchesOf, type Behind, type Channel, type Heads } from './channel.ts';
import type { Member } from './member.ts';
import { FrameMessage } from './message.ts';
import { SharedSection } from './section.ts';

/** What laggards ask of others. */
export type LaggardPorts = {
  /** The newest entries after an offset, if they are held without a hole. */
  recent: { since(partition: number, offset: number): readonly { offset: number; payload: Uint8Array }[] | undefined };
  heads: () => Heads;
  epoch: () => number;
  /** Tells a member what it was not told while it could not follow. */
  tellNews: (member: Member) => void;
  /** A member has all there is, and can be sent to like all others. */
  onCaughtUp: (member: Member) => void;
  /** A member took nothing for too long. */
  onStuck: (member: Member) => void;
};

const defaults = {
  /** How long a connection may take nothing of what waits for it, in ms. */
  stuckMs: MAX_STUCK_MS,
  /** How often it is looked whether they took something, in ms. */
  everyMs: 50,
  /** How few bytes have to wait before a member gets what it missed. A quarter of what may wait. */
  lowBytes: MAX_WAITING_BYTES / 4,
  /** As many bytes of blocks are sent as they were; of more, the newest. */
  wholeBytes: 256 * 1_024,
  /** As many bytes of all entries are looked through for them. */
  searchBytes: 1_024 * 1_024,
};

export type LaggardOptions = Partial<typeof defaults>;

/**
 * Connections that cannot follow (F4): nothing is sent to them, and of each only positions are kept. Once they took what
 * waits, they get all they missed in one frame, or the newest of it.
 */
export function createLaggards(ports: LaggardPorts, options: LaggardOptions = {}) {
  const { recent, heads, epoch, tellNews, onCaughtUp, onStuck } = ports;
  const { stuckMs, everyMs, lowBytes, wholeBytes, searchBytes } = { ...defaults, ...options };
  /** Whom we watch, when they took something last, and what they had taken then. */
  const watched = new Map<Member, { taken: number; at: number }>();
  let timer: NodeJS.Timeout | undefined;

  // A look now and then instead of an event of each: polling has none, and who is late is not in a hurry.
  function look(): void {
    const now = performance.now();
    for (const [member, last] of watched) {
      const { outlet, lag } = member;
      const { waiting, taken } = outlet;
      if (waiting <= (lag ? lowBytes : 0)) {
        watched.delete(member);
        if (lag) catchUp(member);
      } else if (taken !== last.taken) {
        watched.set(member, { taken, at: now });
      } else if (now - last.at >= stuckMs) {
        watched.delete(member);
        onStuck(member);
      }
    }
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  function watch(member: Member): void {
    if (watched.has(member)) return;
    watched.set(member, { taken: member.outlet.taken, at: performance.now() });
    timer ??= setInterval(look, everyMs);
  }

  function catchUp(member: Member): void {
    const { behind } = member.lag!;
    tellNews(member);
    const missed = [...behind].map(([channel, each]) => ({ channel, behind: each, reach: channel.reach(heads()) }));
    const bytes = missed.reduce((sum, { channel, behind }) => sum + channel.missedBytes(behind), 0);
    const whole = bytes <= wholeBytes ? wholeSections(missed) : undefined;
    const sections = whole ?? missed.map(({ channel, behind, reach }) => channel.coalesced(behind, reach));
    for (const channel of behind.keys()) channel.catchUp();
    member.lag = undefined;
    if (sections.length > 0) {
      const shared = sections.map((section) => new SharedSection(section));
      member.outlet.send(new FrameMessage(epoch(), shared));
    }
    onCaughtUp(member);
  }

  /** Everything that was missed, or undefined when that is too much to look for, or not held any more. */
  function wholeSections(missed: readonly Missed[]): Section[] | undefined {
    let left = searchBytes;
    const sections: Section[] = [];
    for (const { channel, behind, reach } of missed) {
      const ranges: FrameRange[] = [];
      for (const stretch of stretchesOf(behind, reach)) {
        const { partition, after, last } = stretch;
        const held = last === after ? [] : recent.since(partition, after);
        const entries = held?.filter(({ offset }) => offset <= last);
        if (entries?.length !== last - after) return undefined;
        left -= entries.reduce((sum, { payload }) => sum + payload.length, 0);
        if (left < 0) return undefined;
        ranges.push({ ...stretch, entries: entries.flatMap((entry) => entryOf(entry, channel)) });
      }
      sections.push({ channel: channel.id, delivery: 'whole', skipped: 0, ranges });
    }
    return sections;
  }

  return {
    /** A member cannot follow: it did not get these sections, and gets nothing more for now. */
    add(member: Member, missed: readonly SharedSection[]): void {
      const lag = { behind: new Map<Channel, Behind>(), news: new Map<Channel, Set<number>>() };
      for (const channel of new Set(member.channels)) {
        lag.behind.set(channel, channel.fallBehind(missed.find((section) => section.channel === channel.id)));
      }
      member.lag = lag;
      watch(member);
    },

    /** Something waits for a member. If that stays so for too long, it is stuck. */
    watch,

    /** A member that may be behind has one channel more. */
    join(member: Member, channel: Channel): void {
      const { lag } = member;
      if (lag && !lag.behind.has(channel)) lag.behind.set(channel, channel.fallBehind(undefined));
    },

    /** A member that may be behind does not see a channel any more. */
    leave(member: Member, channel: Channel): void {
      if (member.lag?.behind.delete(channel)) channel.catchUp();
      member.lag?.news.delete(channel);
    },

    /** A member is gone. */
    remove(member: Member): void {
      watched.delete(member);
      for (const channel of member.lag?.behind.keys() ?? []) channel.catchUp();
      member.lag = undefined;
    },

    /** Those who are behind. */
    *all(): Generator<Member> {
      for (const member of watched.keys()) if (member.lag) yield member;
    },

    stop: () => clearInterval(timer),
  };
}

type Missed = { channel: Channel; behind: Behind; reach: number[] };

function entryOf({ offset, payload }: { offset: number; payload: Uint8Array }, channel: Channel): FrameEntry[] {
  const pieces: Piece[] = [];
  visitBlocks(payload, (stream, start, end) => {
    if (channel.knows(stream)) addPiece(pieces, payload, start, end);
  });
  return pieces.length === 0 ? [] : [{ offset, blocks: bytesOf(pieces) }];
}
