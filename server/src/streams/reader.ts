import type { Log } from '../log.ts';

/** Told of what is stored and cannot be read. */
export type OnCorrupt = () => void;

/**
 * Reads stored bytes. Those that are not what was written are told of once, by their name, and left out: what else there
 * is to see must not be lost with them.
 */
export function createReader({ log, onCorrupt }: { log: Log; onCorrupt?: OnCorrupt }) {
  const reported = new Set<string>();
  return function read<T>(name: string, decode: () => T): T | undefined {
    try {
      return decode();
    } catch (cause) {
      if (!reported.has(name)) {
        onCorrupt?.();
        log.error(`${name} cannot be read; it is left as it is, and its points are missing`, cause);
      }
      reported.add(name);
      return undefined;
    }
  };
}

export type Reader = ReturnType<typeof createReader>;
