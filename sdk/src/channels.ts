import type { Link } from './link.ts';
import type { Message } from './message.ts';
import type { Stop } from './options.ts';
import type { QuantumFluxError, SubscribeReply, SubscribeRequest } from './protocol/index.ts';

/** Who subscribes. Called in the order in which the server sent; not called any more once it stopped. */
export type Subscriber = {
  onReply: (reply: SubscribeReply) => void;
  onMessage: (message: Message) => void;
  onRefused: (error: QuantumFluxError) => void;
};

const MAX_KEPT_POINTS_BYTES = 512 * 1_024;
const MAX_KEPT = 2_000;

/**
 * The subscriptions of one connection. Several may share a channel, and a subscription learns its channel only from
 * the reply, while its first frames may be faster: so while a reply is due, all messages are kept for it.
 */
export class Channels {
  readonly #link: Pick<Link, 'ask'>;
  readonly #members = new Map<number, Set<Subscriber>>();
  #due = 0;
  #kept: Message[] = [];
  #keptBytes = 0;
  #onEmpty: (() => void) | undefined;

  constructor(link: Pick<Link, 'ask'>) {
    this.#link = link;
  }

  /** Whether there is a subscription, so that the server has something to say. */
  get isListening(): boolean {
    return this.#members.size > 0;
  }

  /** Calls back once nobody is subscribed here, nor about to be; at once when that is so. */
  whenEmpty(call: () => void): void {
    this.#onEmpty = call;
    this.#checkEmpty();
  }

  /** Hands a message to whoever is on its channel. */
  deliver(message: Message): void {
    if (this.#due > 0) this.#keep(message);
    for (const member of this.#members.get(message.channel) ?? []) member.onMessage(message);
  }

  subscribe(request: SubscribeRequest, subscriber: Subscriber): Stop {
    let leave: Stop | undefined;
    let isStopped = false;
    this.#due++;
    this.#link
      .ask('subscribe', request)
      .then(
        (reply) => {
          leave = () => this.#leave(reply.channel, subscriber);
          if (isStopped) return leave();
          subscriber.onReply(reply);
          for (const message of this.#kept) {
            if (message.channel === reply.channel && !isStopped) subscriber.onMessage(message);
          }
          if (!isStopped) this.#join(reply.channel, subscriber);
        },
        (error: QuantumFluxError) => {
          if (!isStopped) subscriber.onRefused(error);
        },
      )
      .finally(() => {
        if (--this.#due === 0) this.#forget();
        this.#checkEmpty();
      });
    return () => {
      if (isStopped) return;
      isStopped = true;
      leave?.();
    };
  }

  #join(channel: number, subscriber: Subscriber): void {
    const members = this.#members.get(channel) ?? new Set();
    this.#members.set(channel, members.add(subscriber));
  }

  #leave(channel: number, subscriber: Subscriber): void {
    const members = this.#members.get(channel);
    members?.delete(subscriber);
    if (members?.size === 0) this.#members.delete(channel);
    // The reply says nothing that matters: refused or lost, it is ended as well.
    this.#link.ask('unsubscribe', { channel }).catch(() => undefined);
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#due === 0 && this.#members.size === 0) this.#onEmpty?.();
  }

  /** Bounded: what is dropped here shows up as a gap, and is asked for. */
  #keep(message: Message): void {
    this.#kept.push(message);
    this.#keptBytes += bytesOf(message);
    while (this.#kept.length > MAX_KEPT || this.#keptBytes > MAX_KEPT_POINTS_BYTES) {
      this.#keptBytes -= bytesOf(this.#kept.shift()!);
    }
  }

  #forget(): void {
    this.#kept = [];
    this.#keptBytes = 0;
  }
}

function bytesOf(message: Message): number {
  if (message.is !== 'section') return 0;
  return message.ranges.reduce((sum, { entries }) => entries.reduce((sum, { blocks }) => sum + blocks.length, sum), 0);
}
