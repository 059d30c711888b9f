import type { Bus } from './bus.ts';

/** A bus that loses this share of what is said, each listener something else, so that tests can prove that it only costs time. */
export function losing(bus: Bus, share: number | undefined, random = Math.random): Bus {
  if (share === undefined) return bus;
  return {
    ...bus,
    subscribe: (topic, handle, part) =>
      bus.subscribe(topic, (message) => (random() < share ? undefined : handle(message)), part),
  };
}
