import type { Bus } from '../bus/bus.ts';
import type { Message } from '../bus/topics.ts';

/** One entry of so many is spoiled. */
const EVERY = 40;

type Entry = Message<'points'>;

/**
 * A bus on which the live side hears something else than was written:
 *
 * - `untold-gap` leaves points out and says that everything is there,
 * - `resend` brings the points of an entry again with the next one,
 * - `swap` brings the points of an entry after those of the next one.
 */
export function spoiling(bus: Bus, how: keyof typeof spoilers): Bus {
  const spoil = spoilers[how]();
  return {
    ...bus,
    subscribe: (topic, handle, part) =>
      bus.subscribe(
        topic,
        (message) => handle('payload' in message ? { ...message, ...spoil(message) } : message),
        part,
      ),
  };
}

const nothing = new Uint8Array(0);

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

const spoilers = {
  'untold-gap'() {
    let count = 0;
    return (entry: Entry): Entry => (++count % EVERY === 0 ? { ...entry, payload: nothing } : entry);
  },
  resend() {
    let count = 0;
    const spoiled = new Map<number, Uint8Array>();
    return (entry: Entry): Entry => {
      const { partition, payload } = entry;
      const again = spoiled.get(partition);
      spoiled.delete(partition);
      if (++count % EVERY === 0) spoiled.set(partition, payload);
      return again ? { ...entry, payload: joined(again, payload) } : entry;
    };
  },
  swap() {
    let count = 0;
    const spoiled = new Map<number, Uint8Array>();
    return (entry: Entry): Entry => {
      const { partition, payload } = entry;
      const late = spoiled.get(partition);
      spoiled.delete(partition);
      if (late) return { ...entry, payload: joined(payload, late) };
      if (++count % EVERY !== 0) return entry;
      spoiled.set(partition, payload);
      return { ...entry, payload: nothing };
    };
  },
};
