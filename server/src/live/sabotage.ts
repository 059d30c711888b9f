import type { LiveOptions, LivePorts } from './live.gateway.ts';
import { loseFrames } from './lose-frames.ts';
import { spoiling } from './spoil.ts';

/**
 * Promises that are broken on purpose, so that the fault tests can prove that they would notice. The ports as they are,
 * unless a test asks for a sabotage:
 *
 * - `keep-revoked` lets those stay whose right to be here was taken away,
 * - `skip-backfill` lets those who come back go on without what they missed, as far as it has to be read,
 * - `untold-gap`, `resend` and `swap` spoil what is sent (see spoil.ts),
 * - `no-sweep` never looks for what no hint told,
 * - `unbounded` lets any number of bytes wait for a connection,
 * - `drop-frames` breaks none: it loses frames, as the network may, and nobody may miss anything.
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
    case 'no-sweep':
      return { ...ports, bus: { ...ports.bus, onChange: () => () => {} } };
    case 'drop-frames':
      ports.io.on('connection', loseFrames);
      return ports;
    default:
      return ports;
  }
}

/** A day, in ms: longer than any test. */
const FOR_EVER_MS = 86_400_000;

export function sabotagedOptions(sabotage: string | undefined): LiveOptions {
  switch (sabotage) {
    case 'no-sweep':
      return { sweepMs: FOR_EVER_MS, sweepWhileDownMs: FOR_EVER_MS };
    case 'unbounded':
      return { maxWaitingBytes: Infinity };
    default:
      return {};
  }
}
