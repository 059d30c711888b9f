import type { Bus } from '../bus/bus.ts';
import type { Message } from '../bus/topics.ts';

/** One entry of so many is spoiled. */
const EVERY = 40;

type Entry = Message<'points'>['entries'][number];

/**
 * Promises that are broken on purpose, so that the fault tests can prove that their viewers would notice. What the live
 * side hears is as it is, unless a test asks for a sabotage:
 *
 * - `untold-gap` leaves points out and says that everything is there,
 * - `resend` brings the points of an entry again with the next one,
 * - `swap` brings the points of an entry after those of the next one.
 */
export function sabotagedBus(bus: Bus, sabotage: string | undefined): Bus {
  const spoil = spoilers[sabotage ?? ''];
  if (!spoil) return bus;
  const spoilEach = spoil();
  return {
    ...bus,
    subscribe: (topic, handle) =>
      bus.subscribe(topic, (message) => {
        if ('entries' in message) return handle({ ...message, entries: message.entries.map(spoilEach) });
        return handle(message);
      }),
  };
}

const nothing = new Uint8Array(0);

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

const spoilers: Record<string, () => (entry: Entry) => Entry> = {
  'untold-gap'() {
    let count = 0;
    return (entry) => (++count % EVERY === 0 ? { ...entry, payload: nothing } : entry);
  },
  resend() {
    let count = 0;
    const spoiled = new Map<number, Uint8Array>();
    return (entry) => {
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
    return (entry) => {
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
