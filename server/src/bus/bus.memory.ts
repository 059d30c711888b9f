import type { Log } from '../log.ts';
import type { Bus } from './bus.ts';
import { createListeners } from './listeners.ts';

/** The bus of a server that is alone: all that it says, it hears itself. */
export function createMemoryBus(log: Log): Bus {
  const listeners = createListeners(log);
  let isOpen = true;
  return {
    publish: (topic, message) => Promise.resolve(listeners.deliver(topic, message)),
    subscribe(topic, handle, part = {}) {
      const stop = listeners.add(topic, handle, part);
      return Promise.resolve(() => Promise.resolve(stop()));
    },
    isUp: () => isOpen,
    // It is up as long as the server is.
    onChange: () => () => {},
    close() {
      isOpen = false;
      return Promise.resolve(listeners.clear());
    },
  };
}
