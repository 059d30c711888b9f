import type { Message, Part, Topic } from './topics.ts';

/** Ends what was started. Once it resolves, the handler is not called again. */
export type Stop = () => Promise<void>;

/** Carries hints between the parts of a server, and between servers when there are several. */
export interface Bus {
  /**
   * Hands the message over; neither waits for those who hear it nor fails because of them or of the way to them. Nobody
   * changes a message, or the bytes in it, from then on.
   */
  publish<T extends Topic>(topic: T, message: Message<T>): Promise<void>;

  /**
   * Every server that subscribes hears every message sent from now on, its own too, in the order in which each sender sent
   * them. Of `points`, those of one partition, or of all: a server is sent no others.
   */
  subscribe<T extends Topic>(
    topic: T,
    handle: (message: Message<T>) => void | Promise<void>,
    part?: Part,
  ): Promise<Stop>;

  /** Whether messages of others get through at the moment. */
  isUp(): boolean;

  /** Calls back when that changes. Once the bus is up again, everything may be stale: what was sent meanwhile is lost. */
  onChange(handle: (isUp: boolean) => void): () => void;

  close(): Promise<void>;
}

/** What a group commit stored. */
export type Commit = { epoch: number; entries: { partition: number; offset: number; payload: Uint8Array }[] };

/** Tells everybody of a commit: the payloads to those who listen to their partitions, and then how far these are. */
export async function publishCommit(bus: Pick<Bus, 'publish'>, { epoch, entries }: Commit): Promise<void> {
  const sent = entries.map((entry) => bus.publish('points', { epoch, ...entry }));
  sent.push(bus.publish('heads', { epoch, offsets: entries.map(({ partition, offset }) => [partition, offset]) }));
  await Promise.all(sent);
}
