/** One number that was read off this machine. */
export type Reading = { stream: string; tags?: Record<string, string>; unit?: string; value: number };

/** Reads a machine once per call. What a system does not tell, or not yet, is left out. */
export type MachineReader = { read: () => Promise<Reading[]>; stop: () => Promise<void> };

/** How often the file systems are asked, which change slowly. In readings. */
export const FILE_SYSTEMS_EVERY = 15;

export function cpuReadings({
  all,
  cores,
}: {
  all: number;
  cores: Iterable<readonly [core: string, load: number]>;
}): Reading[] {
  return [
    { stream: 'host.cpu.load', unit: 'percent', value: round(all, 2) },
    ...[...cores].map(([core, load]) => ({
      stream: 'host.cpu.core.load',
      tags: { core },
      unit: 'percent',
      value: round(load, 2),
    })),
  ];
}

/** In bytes. What is used can no longer be got by programs; what the cache of files fills can. */
export function memoryReadings(memory: { total: number; available: number; swapUsed: number }): Reading[] {
  const { total, available, swapUsed } = memory;
  const used = total - available;
  return [
    { stream: 'host.memory.used', unit: 'bytes', value: used },
    { stream: 'host.memory.used_percent', unit: 'percent', value: round((100 * used) / total, 2) },
    { stream: 'host.swap.used', unit: 'bytes', value: swapUsed },
  ];
}

/** In bytes per second. */
export function networkReadings(
  interfaceName: string,
  { received, sent }: { received: number; sent: number },
): Reading[] {
  const tags = { interface: interfaceName };
  return [
    { stream: 'host.network.received', tags, unit: 'bytes/s', value: round(received, 0) },
    { stream: 'host.network.sent', tags, unit: 'bytes/s', value: round(sent, 0) },
  ];
}

/** In bytes per second, of all disks together. */
export function diskReadings({ read, written }: { read: number; written: number }): Reading[] {
  return [
    { stream: 'host.disk.read', unit: 'bytes/s', value: round(read, 0) },
    { stream: 'host.disk.written', unit: 'bytes/s', value: round(written, 0) },
  ];
}

/** Of what programs without special rights may fill, how much is. */
export function fileSystemReading(mount: string, percent: number): Reading {
  return { stream: 'host.filesystem.used_percent', tags: { mount }, unit: 'percent', value: round(percent, 2) };
}

export function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
