import type { Message, Topic } from './topics.ts';

/** Ends what was started. Once it resolves, the handler is not called again. */
export type Stop = () => Promise<void>;

/** Carries hints between the parts of a server, and between servers when there are several. */
export interface Bus {
  /**
   * Hands the message over; neither waits for those who hear it nor fails because of them or of the way to them. Nobody
   * changes a message, or the bytes in it, from then on.
   */
  publish<T extends Topic>(topic: T, message: Message<T>): Promise<void>;

  /** Every server hears every message sent from now on, its own too, in the order in which each sender sent them. */
  subscribe<T extends Topic>(topic: T, handle: (message: Message<T>) => void | Promise<void>): Promise<Stop>;

  /** Whether messages get through at the moment. */
  isUp(): boolean;

  close(): Promise<void>;
}
