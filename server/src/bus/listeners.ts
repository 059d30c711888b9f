import type { Log } from '../log.ts';
import type { Message, Topic } from './topics.ts';

/** Most messages that wait for one listener. They are hints: of what is more, the oldest are let go. */
const MAX_WAITING = 1_000;

type Handle = (message: never) => void | Promise<void>;

type Listener = {
  handle: Handle;
  waiting: unknown[];
  isWorking: boolean;
  isOpen: boolean;
  isBehind: boolean;
};

/** Those in this process who hear messages: each for itself, one message after the other, however long it takes. */
export function createListeners(log: Log) {
  const byTopic = new Map<Topic, Set<Listener>>();

  async function work(topic: Topic, listener: Listener): Promise<void> {
    listener.isWorking = true;
    // First let the sender go on.
    await Promise.resolve();
    while (listener.isOpen && listener.waiting.length > 0) {
      try {
        await listener.handle(listener.waiting.shift() as never);
      } catch (error) {
        log.error(`a listener of "${topic}" failed`, error);
      }
    }
    listener.isWorking = false;
    listener.isBehind = false;
  }

  function letGo(topic: Topic, listener: Listener): void {
    listener.waiting.shift();
    if (!listener.isBehind) log.warn(`a listener of "${topic}" is too slow; messages to it are let go`);
    listener.isBehind = true;
  }

  return {
    has: (topic: Topic) => (byTopic.get(topic)?.size ?? 0) > 0,

    /** Gives back what ends it. */
    add(topic: Topic, handle: Handle): () => void {
      const listener: Listener = { handle, waiting: [], isWorking: false, isOpen: true, isBehind: false };
      const listeners = byTopic.get(topic) ?? new Set();
      byTopic.set(topic, listeners.add(listener));
      return () => {
        listener.isOpen = false;
        listeners.delete(listener);
      };
    },

    deliver<T extends Topic>(topic: T, message: Message<T>): void {
      for (const listener of byTopic.get(topic) ?? []) {
        listener.waiting.push(message);
        if (listener.waiting.length > MAX_WAITING) letGo(topic, listener);
        if (!listener.isWorking) void work(topic, listener);
      }
    },

    clear(): void {
      for (const listeners of byTopic.values()) for (const listener of listeners) listener.isOpen = false;
      byTopic.clear();
    },
  };
}
