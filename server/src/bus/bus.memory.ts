import type { Log } from '../log.ts';
import type { Bus } from './bus.ts';
import { createListeners } from './listeners.ts';

/** The bus of a server that is alone: all that it says, it hears itself. */
export function createMemoryBus(log: Log): Bus {
  const listeners = createListeners(log);
  const watchers = new Set<(isUp: boolean) => void>();
  let isOpen = true;
  return {
    publish: (topic, message) => Promise.resolve(listeners.deliver(topic, message)),
    subscribe(topic, handle, part = {}) {
      const stop = listeners.add(topic, handle, part);
      return Promise.resolve(() => Promise.resolve(stop()));
    },
    isUp: () => isOpen,
    onChange(handle) {
      watchers.add(handle);
      return () => void watchers.delete(handle);
    },
    close() {
      isOpen = false;
      return Promise.resolve(listeners.clear());
    },
  };
}
