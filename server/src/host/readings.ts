import { loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import si from 'systeminformation';

/** One number that was read off this machine. */
export type Reading = { stream: string; tags?: Record<string, string>; unit?: string; value: number };

/** How often the file systems are asked; they change slowly, and asking starts a process. In readings. */
const FILE_SYSTEMS_EVERY = 15;

/** Reads this machine once per call. What a system does not tell is left out. */
export function createReader(): { read: () => Promise<Reading[]>; stop: () => void } {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let count = 0;

  function eventLoop(): Reading[] {
    // The histogram includes its own interval of 10 ms.
    const value = Math.max(0, delay.max / 1e6 - 10);
    delay.reset();
    return [{ stream: 'host.eventloop.delay', unit: 'ms', value: round(value, 2) }];
  }

  return {
    async read() {
      const withFileSystems = count++ % FILE_SYSTEMS_EVERY === 0;
      const groups = await Promise.allSettled([
        cpu(),
        memory(),
        network(),
        disk(),
        ...(withFileSystems ? [fileSystems()] : []),
      ]);
      const readings = groups.flatMap((group) => (group.status === 'fulfilled' ? group.value : []));
      return [...readings, ...load(), ...eventLoop()].filter(({ value }) => Number.isFinite(value));
    },
    stop: () => void delay.disable(),
  };
}

async function cpu(): Promise<Reading[]> {
  const { currentLoad, cpus } = await si.currentLoad();
  return [
    { stream: 'host.cpu.load', unit: 'percent', value: round(currentLoad, 2) },
    ...cpus.map(({ load }, core) => ({
      stream: 'host.cpu.core.load',
      tags: { core: String(core) },
      unit: 'percent',
      value: round(load, 2),
    })),
  ];
}

async function memory(): Promise<Reading[]> {
  const { total, available, swapused } = await si.mem();
  // What programs can no longer get, not what the cache of files fills.
  const used = total - available;
  return [
    { stream: 'host.memory.used', unit: 'bytes', value: used },
    { stream: 'host.memory.used_percent', unit: 'percent', value: round((100 * used) / total, 2) },
    { stream: 'host.swap.used', unit: 'bytes', value: swapused },
  ];
}

async function network(): Promise<Reading[]> {
  const interfaces = (await si.networkStats('*')).filter(({ iface }) => iface !== 'lo');
  return interfaces.flatMap(({ iface, rx_sec, tx_sec }) => [
    { stream: 'host.network.received', tags: { interface: iface }, unit: 'bytes/s', value: round(rx_sec, 0) },
    { stream: 'host.network.sent', tags: { interface: iface }, unit: 'bytes/s', value: round(tx_sec, 0) },
  ]);
}

async function disk(): Promise<Reading[]> {
  const { rx_sec, wx_sec } = await si.fsStats();
  return [
    { stream: 'host.disk.read', unit: 'bytes/s', value: round(rx_sec, 0) },
    { stream: 'host.disk.written', unit: 'bytes/s', value: round(wx_sec, 0) },
  ];
}

async function fileSystems(): Promise<Reading[]> {
  return (await si.fsSize()).map(({ mount, use }) => ({
    stream: 'host.filesystem.used_percent',
    tags: { mount },
    unit: 'percent',
    value: use,
  }));
}

function load(): Reading[] {
  return loadavg().map((value, i) => ({ stream: `host.load.${['1m', '5m', '15m'][i]}`, value: round(value, 2) }));
}

/** NaN for what the system does not tell yet (rates need two readings). */
function round(value: number | null, digits: number): number {
  return value === null ? Number.NaN : Math.round(value * 10 ** digits) / 10 ** digits;
}
