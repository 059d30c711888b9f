import type { Audience } from './audience.ts';
import type { Behind, Channel } from './channel.ts';
import type { Outlet } from './outlet.ts';
import type { LiveSocket } from './socket.ts';

/** How something gets out to a member. */
export type Exit = Pick<Outlet, 'form' | 'send' | 'offer' | 'waiting' | 'taken' | 'cut'>;

/** A connection, as far as it has subscriptions. */
export class Member {
  readonly socket: LiveSocket;
  readonly outlet: Exit;
  /** A channel of several subscriptions is in here as often. */
  readonly channels: Channel[] = [];
  audience: Audience | undefined;
  /** Set while it cannot follow. */
  lag: Lag | undefined;

  constructor(socket: LiveSocket, outlet: Exit) {
    this.socket = socket;
    this.outlet = outlet;
  }
}

/** All that is kept of a connection that cannot follow. */
export type Lag = {
  behind: Map<Channel, Behind>;
  /** Streams of which it has to be told what became of them. */
  news: Map<Channel, Set<number>>;
};
