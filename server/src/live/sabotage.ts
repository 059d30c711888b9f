import type { LivePorts } from './live.gateway.ts';

/**
 * Promises that are broken on purpose, so that the fault tests can prove that they would notice. The ports as they are,
 * unless a test asks for a sabotage:
 *
 * - `keep-revoked` lets those stay whose right to be here was taken away.
 */
export function sabotagedLive(ports: LivePorts, sabotage: string | undefined): LivePorts {
  switch (sabotage) {
    case 'keep-revoked':
      return {
        ...ports,
        rights: () => new Promise(() => {}),
        bus: {
          ...ports.bus,
          subscribe: (topic, handle) =>
            topic === 'keys' ? Promise.resolve(() => Promise.resolve()) : ports.bus.subscribe(topic, handle),
        },
      };
    default:
      return ports;
  }
}
