import type { Message } from '../bus/topics.ts';
import type { Group } from './presence-rooms.ts';

/** A server of which nothing was heard for so long is gone, in ms. With the time to notice it, 15 s (P1). */
export const SILENT_MS = 14_000;

type Told = Extract<Message<'presence'>, { version: number }>;
type Peer = { version: number; heardAt: number; groups: Map<string, Group> };

/**
 * Who is in which room at the other servers, as they tell it: `news` of rooms that changed, each with the next version;
 * `news` of no room with the version of before, every few seconds; `all` rooms to those who ask for them.
 */
export class Peers {
  readonly #peers = new Map<string, Peer>();

  /** Takes what a server told. `isWhole` says whether nothing of it was missed. */
  hear({ is, server, version, rooms }: Told, now: number): { changed: string[]; isWhole: boolean } {
    const peer = this.#peers.get(server) ?? { version: Number.NaN, heardAt: now, groups: new Map<string, Group>() };
    this.#peers.set(server, peer);
    peer.heardAt = now;
    const next = rooms.length === 0 ? peer.version : peer.version + 1;
    const isWhole = is === 'all' || version === next;
    if (isWhole) peer.version = version;
    const changed = new Set(rooms.map(({ place }) => place));
    if (is === 'all') {
      for (const place of peer.groups.keys()) changed.add(place);
      peer.groups.clear();
    }
    // Each is all that there is to say of a room, so it holds even when something before it was missed.
    for (const { place, present, count } of rooms) {
      if (count === 0) peer.groups.delete(place);
      else peer.groups.set(place, { present, count });
    }
    return { changed: [...changed], isWhole };
  }

  /** A server is gone; the places that it was in. */
  drop(server: string): string[] {
    const places = [...(this.#peers.get(server)?.groups.keys() ?? [])];
    this.#peers.delete(server);
    return places;
  }

  /** Drops the servers that fell silent. */
  dropSilent(now: number): string[] {
    const silent = [...this.#peers].filter(([, { heardAt }]) => now - heardAt >= SILENT_MS);
    return silent.flatMap(([server]) => this.drop(server));
  }

  /** Who is in a room at each of them. */
  of(place: string): Group[] {
    return [...this.#peers.values()].flatMap(({ groups }) => groups.get(place) ?? []);
  }
}
