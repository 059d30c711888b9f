import type { Channel } from './channel.ts';
import type { Member } from './member.ts';
import type { SharedSection } from './section.ts';

/** All connections that see the same channels: what they get is joined and framed once. */
export class Audience {
  readonly key: string;
  readonly channels: readonly Channel[];
  readonly members = new Set<Member>();

  constructor(key: string, channels: readonly Channel[]) {
    this.key = key;
    this.channels = channels;
  }
}

/** Who sees what, and together with whom. */
export function createAudiences() {
  const byKey = new Map<string, Audience>();
  /** Those whose channels changed. They move when it matters, so that ten subscriptions in a row are one move. */
  const moving = new Set<Member>();

  function move(member: Member): void {
    const channels = member.lag ? [] : [...new Set(member.channels)].sort((a, b) => a.id - b.id);
    const key = channels.map(({ id }) => id).join();
    if (member.audience?.key === key) return;
    leave(member);
    if (channels.length === 0) return;
    let audience = byKey.get(key);
    if (!audience) {
      audience = new Audience(key, channels);
      byKey.set(key, audience);
      for (const channel of channels) channel.audiences.add(audience);
    }
    audience.members.add(member);
    member.audience = audience;
  }

  function leave(member: Member): void {
    const { audience } = member;
    if (!audience) return;
    member.audience = undefined;
    audience.members.delete(member);
    if (audience.members.size > 0) return;
    byKey.delete(audience.key);
    for (const channel of audience.channels) channel.audiences.delete(audience);
  }

  /** Brings everybody to where they belong. */
  function settle(): void {
    for (const member of moving) move(member);
    moving.clear();
  }

  return {
    /** The channels of a member changed. */
    changed: (member: Member) => void moving.add(member),

    /** A member is gone, or cannot follow. */
    leave(member: Member): void {
      moving.delete(member);
      leave(member);
    },

    /** The audiences of a channel, as they are now. */
    of(channel: Channel): ReadonlySet<Audience> {
      settle();
      return channel.audiences;
    },

    all(): Iterable<Audience> {
      settle();
      return byKey.values();
    },

    /** Sections to who sees their channels: each audience that has news, with what it has of them. */
    gather(sections: Iterable<[Channel, SharedSection]>): Map<Audience, SharedSection[]> {
      settle();
      const news = new Map<Audience, SharedSection[]>();
      for (const [channel, section] of sections) {
        for (const audience of channel.audiences) {
          const before = news.get(audience);
          if (before) before.push(section);
          else news.set(audience, [section]);
        }
      }
      return news;
    },
  };
}

export type Audiences = ReturnType<typeof createAudiences>;
