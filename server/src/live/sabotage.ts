import type { LivePorts } from './live.gateway.ts';
import { spoiling } from './spoil.ts';

/**
 * Promises that are broken on purpose, so that the fault tests can prove that they would notice. The ports as they are,
 * unless a test asks for a sabotage:
 *
 * - `keep-revoked` lets those stay whose right to be here was taken away,
 * - `skip-backfill` lets those who come back go on without what they missed, as far as it has to be read,
 * - `untold-gap`, `resend` and `swap` spoil what is sent (see spoil.ts).
 */
export function sabotagedLive(ports: LivePorts, sabotage: string | undefined): LivePorts {
  switch (sabotage) {
    case 'keep-revoked':
      return {
        ...ports,
        rights: () => new Promise(() => {}),
        bus: {
          ...ports.bus,
          subscribe: (topic, handle, part) =>
            topic === 'keys' ? Promise.resolve(() => Promise.resolve()) : ports.bus.subscribe(topic, handle, part),
        },
      };
    case 'skip-backfill':
      return {
        ...ports,
        journal: {
          ...ports.journal,
          after: async (...question) =>
            (await ports.journal.after(...question)).map((entry) => ({ ...entry, payload: new Uint8Array() })),
        },
      };
    case 'untold-gap':
    case 'resend':
    case 'swap':
      return { ...ports, bus: spoiling(ports.bus, sabotage) };
    default:
      return ports;
  }
}
