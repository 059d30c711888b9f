import type { Log } from '../log.ts';
import { channelOf, channelsOf, type Message, type Part, type Topic } from './topics.ts';

/** Most messages that wait for one listener. They are hints: of what is more, the oldest are let go. */
const MAX_WAITING = 1_000;

type Handle = (message: never) => void | Promise<void>;

type Listener = {
  topic: Topic;
  handle: Handle;
  waiting: unknown[];
  isWorking: boolean;
  isOpen: boolean;
  isBehind: boolean;
};

/** Those in this process who hear messages: each for itself, one message after the other, however long it takes. */
export function createListeners(log: Log) {
  const byChannel = new Map<string, Set<Listener>>();

  async function work(listener: Listener): Promise<void> {
    listener.isWorking = true;
    // First let the sender go on.
    await Promise.resolve();
    while (listener.isOpen && listener.waiting.length > 0) {
      try {
        // Not awaited when there is nothing to wait for: what comes in one turn of the loop is handled in it.
        const handled = listener.handle(listener.waiting.shift() as never);
        if (handled) await handled;
      } catch (error) {
        log.error(`a listener of "${listener.topic}" failed`, error);
      }
    }
    listener.isWorking = false;
    listener.isBehind = false;
  }

  function letGo(listener: Listener): void {
    listener.waiting.shift();
    if (!listener.isBehind) log.warn(`a listener of "${listener.topic}" is too slow; messages to it are let go`);
    listener.isBehind = true;
  }

  return {
    has: (channel: string) => byChannel.has(channel),

    channels: () => [...byChannel.keys()],

    /** Gives back what ends it. */
    add(topic: Topic, handle: Handle, part: Part): () => void {
      const listener: Listener = { topic, handle, waiting: [], isWorking: false, isOpen: true, isBehind: false };
      const channels = channelsOf(topic, part);
      for (const channel of channels)
        byChannel.set(channel, (byChannel.get(channel) ?? new Set<Listener>()).add(listener));
      return () => {
        listener.isOpen = false;
        for (const channel of channels) {
          const listeners = byChannel.get(channel);
          listeners?.delete(listener);
          if (listeners?.size === 0) byChannel.delete(channel);
        }
      };
    },

    deliver<T extends Topic>(topic: T, message: Message<T>): void {
      for (const listener of byChannel.get(channelOf(topic, message)) ?? []) {
        listener.waiting.push(message);
        if (listener.waiting.length > MAX_WAITING) letGo(listener);
        if (!listener.isWorking) void work(listener);
      }
    },

    clear(): void {
      for (const listeners of byChannel.values()) for (const listener of listeners) listener.isOpen = false;
      byChannel.clear();
    },
  };
}
