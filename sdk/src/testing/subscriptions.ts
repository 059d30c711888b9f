import type { Socket } from 'socket.io';
import {
  formatSelector,
  matcherOf,
  parseSelector,
  type ClientEvents,
  type Position,
  type ServerEvents,
  type StreamMeta,
} from '../protocol/index.ts';

export type LiveSocket = Socket<ClientEvents, ServerEvents>;

/** All who see the same streams. `sent`: up to here everything was sent, per partition. */
export type Channel = {
  channel: number;
  room: string;
  matches: (stream: StreamMeta) => boolean;
  sent: Map<number, number>;
};

type Subscription = { socket: LiveSocket; channel: Channel };

/** Who subscribed to what. A socket is in a channel as often as it subscribed there. */
export class Subscriptions {
  readonly #channels = new Map<string, Channel>();
  #all: Subscription[] = [];

  get size(): number {
    return this.#all.length;
  }

  get channels(): Iterable<Channel> {
    return this.#channels.values();
  }

  /** The channel of a selector, however it was written. A new one has sent nothing after `position`. */
  channelOf(text: string, { offsets }: Position): Channel {
    const selector = parseSelector(text);
    const key = formatSelector(selector);
    const known = this.#channels.get(key);
    if (known) return known;
    const channel = this.#channels.size + 1;
    const made = { channel, room: `channel ${channel}`, matches: matcherOf(selector), sent: new Map(offsets) };
    this.#channels.set(key, made);
    return made;
  }

  join(socket: LiveSocket, channel: Channel): void {
    this.#all.push({ socket, channel });
    void socket.join(channel.room);
  }

  /** Ends one subscription, and says whether there was one. The room is left with the last. */
  leave(socket: LiveSocket, number: number): boolean {
    const inChannel = this.#all.filter((each) => each.socket === socket && each.channel.channel === number);
    const [first, ...others] = inChannel;
    if (!first) return false;
    this.#all = this.#all.filter((each) => each !== first);
    if (others.length === 0) void socket.leave(first.channel.room);
    return true;
  }

  /** A socket is gone, and its subscriptions with it. */
  drop(socket: LiveSocket): void {
    this.#all = this.#all.filter((each) => each.socket !== socket);
  }
}
