import { access, readFile, readdir, statfs } from 'node:fs/promises';
import { parseDiskstats, parseMeminfo, parseMounts, parseNetDev, parseStat } from './proc.ts';
import { busyPercent, createRates } from './rates.ts';
import {
  FILE_SYSTEMS_EVERY,
  cpuReadings,
  diskReadings,
  fileSystemReading,
  memoryReadings,
  networkReadings,
  type MachineReader,
  type Reading,
} from './reading.ts';

/**
 * Reads Linux from /proc and /sys, in the threads that Node.js has for files. To start a process for it, as libraries do, holds the
 * event loop of a large process for tens of milliseconds.
 */
export function createLinuxReader(): MachineReader {
  const readCpu = createCpu();
  const readNetwork = createNetwork();
  const disks = createDisks();
  const fileSystems = createFileSystems();
  let count = 0;

  return {
    async read() {
      if (count++ % FILE_SYSTEMS_EVERY === 0) {
        fileSystems.ask();
        await disks.find();
      }
      const groups = await Promise.allSettled([readCpu(), readMemory(), readNetwork(), disks.read()]);
      const readings = groups.flatMap((group) => (group.status === 'fulfilled' ? group.value : []));
      return [...readings, ...fileSystems.take()];
    },
    stop: () => Promise.resolve(),
  };
}

function createCpu(): () => Promise<Reading[]> {
  let before: ReturnType<typeof parseStat> | undefined;
  return async () => {
    const [was, now] = [before, parseStat(await proc('stat'))];
    before = now;
    if (!was) return [];
    return cpuReadings({
      all: busyPercent(was.all, now.all),
      cores: [...now.cores].map(([core, ticks]) => [core, busyPercent(was.cores.get(core) ?? ticks, ticks)] as const),
    });
  };
}

async function readMemory(): Promise<Reading[]> {
  return memoryReadings(parseMeminfo(await proc('meminfo')));
}

function createNetwork(): () => Promise<Reading[]> {
  const received = createRates();
  const sent = createRates();
  return async () => {
    const interfaces = parseNetDev(await proc('net/dev'));
    const now = performance.now();
    const rates = received(columnOf(interfaces, 'received'), now);
    const sentRates = sent(columnOf(interfaces, 'sent'), now);
    return [...rates].flatMap(([name, rate]) =>
      networkReadings(name, { received: rate, sent: sentRates.get(name) ?? Number.NaN }),
    );
  };
}

function createDisks() {
  const read = createRates();
  const written = createRates();
  let disks: string[] = [];
  return {
    /** Partitions, and what is made of disks, would count the same bytes once more; only disks have a device of the machine. */
    async find(): Promise<void> {
      const names = await readdir('/sys/block').catch(() => []);
      const real = await Promise.all(names.map((name) => exists(`/sys/block/${name}/device`)));
      disks = names.filter((_, i) => real[i]).map((name) => name.replaceAll('!', '/'));
    },

    async read(): Promise<Reading[]> {
      const devices = parseDiskstats(await proc('diskstats'));
      const now = performance.now();
      const present = new Map([...devices].filter(([name]) => disks.includes(name)));
      const rates = read(columnOf(present, 'read'), now);
      const writtenRates = written(columnOf(present, 'written'), now);
      return rates.size > 0 ? diskReadings({ read: sum(rates), written: sum(writtenRates) }) : [];
    },
  };
}

/** A file system that is far away may never answer: they are asked one by one, and nothing waits for them. */
function createFileSystems() {
  let isAsking = false;
  let found: Reading[] = [];

  async function askAll(): Promise<void> {
    for (const { path } of parseMounts(await proc('mounts'))) {
      const space = await statfs(path).catch(() => undefined);
      if (!space || space.blocks === 0) continue;
      const used = space.blocks - space.bfree;
      found.push(fileSystemReading(path, (100 * used) / (used + space.bavail)));
    }
  }

  return {
    ask(): void {
      if (isAsking) return;
      isAsking = true;
      void askAll()
        .catch(() => undefined)
        .finally(() => (isAsking = false));
    },
    /** What was found since the last time. */
    take(): Reading[] {
      const taken = found;
      found = [];
      return taken;
    },
  };
}

function proc(name: string): Promise<string> {
  return readFile(`/proc/${name}`, 'utf8');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function columnOf<K extends string>(rows: Map<string, Record<K, number>>, column: K): Map<string, number> {
  return new Map([...rows].map(([name, row]) => [name, row[column]]));
}

function sum(values: Map<string, number>): number {
  return [...values.values()].reduce((total, value) => total + value, 0);
}
