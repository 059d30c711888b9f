/** Ticks of the clock that a CPU was busy, and all that went by. */
export type CpuTicks = { busy: number; total: number };

/** Bytes since the start of the machine. */
export type Transfer = { received: number; sent: number };
export type DiskBytes = { read: number; written: number };

export type Mount = { source: string; path: string; type: string };

/** In /proc/diskstats a sector is this many bytes, whatever the disk's own are. */
const SECTOR_BYTES = 512;

/** What is no disk: held in memory, or packed, and then always full. */
const NOT_ON_DISK =
  /tmpfs|^(rootfs|ramfs|squashfs|cramfs|udev|devfs|autofs|proc|sysfs|devpts|mqueue|cgroup2?|nsfs)$|unionfs/;

/** Of /proc/stat: of all CPUs together, and of each by its number. https://man7.org/linux/man-pages/man5/proc_stat.5.html */
export function parseStat(text: string): { all: CpuTicks; cores: Map<string, CpuTicks> } {
  const cores = new Map<string, CpuTicks>();
  let all: CpuTicks = { busy: 0, total: 0 };
  for (const [, core = '', rest = ''] of text.matchAll(/^cpu(\d*) +(.+)$/gm)) {
    // Time of guests is in that of user and nice already.
    const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softirq = 0, steal = 0] = numbers(rest);
    const busy = user + nice + system + irq + softirq + steal;
    const ticks = { busy, total: busy + idle + waiting };
    if (core === '') all = ticks;
    else cores.set(core, ticks);
  }
  return { all, cores };
}

/** Of /proc/meminfo, in bytes. Kernels before 3.14 do not tell what is available; what is free stands for it. */
export function parseMeminfo(text: string): { total: number; available: number; swapUsed: number } {
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN) * 1_024;
  const available = bytes('MemAvailable');
  return {
    total: bytes('MemTotal'),
    available: Number.isNaN(available) ? bytes('MemFree') + bytes('Buffers') + bytes('Cached') : available,
    swapUsed: bytes('SwapTotal') - bytes('SwapFree'),
  };
}

/** Of /proc/net/dev, by the name of the interface; without the machine's talk with itself. */
export function parseNetDev(text: string): Map<string, Transfer> {
  const interfaces = new Map<string, Transfer>();
  for (const [, name = '', rest = ''] of text.matchAll(/^ *([^|\n]+): *(\d.*)$/gm)) {
    const columns = numbers(rest);
    if (name !== 'lo') interfaces.set(name, { received: columns[0] ?? 0, sent: columns[8] ?? 0 });
  }
  return interfaces;
}

/** Of /proc/diskstats, by the name of the device: disks, their partitions, and what is made of them. */
export function parseDiskstats(text: string): Map<string, DiskBytes> {
  const devices = new Map<string, DiskBytes>();
  for (const [, name = '', rest = ''] of text.matchAll(/^ *\d+ +\d+ +(\S+) +(.+)$/gm)) {
    const columns = numbers(rest);
    devices.set(name, { read: (columns[2] ?? 0) * SECTOR_BYTES, written: (columns[6] ?? 0) * SECTOR_BYTES });
  }
  return devices;
}

/** Of /proc/mounts: file systems on disks, near or far. One that is mounted several times is there once, by its shortest path. */
export function parseMounts(text: string): Mount[] {
  const byPath = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const [source = '', path = '', type = ''] = line.split(' ').map(unescape);
    // What is mounted over another hides it.
    if (path !== '') byPath.set(path, { source, path, type });
  }
  const bySource = new Map<string, Mount>();
  for (const mount of byPath.values()) {
    if (NOT_ON_DISK.test(mount.type)) continue;
    // Without a device in its source, as of overlays, each is one of its own.
    const name = /[/:]/.test(mount.source) ? mount.source : `${mount.source} ${mount.path}`;
    const known = bySource.get(name);
    if (!known || mount.path.length < known.path.length) bySource.set(name, mount);
  }
  return [...bySource.values()];
}

function numbers(text: string): number[] {
  return text.trim().split(/ +/).map(Number);
}

/** Spaces, tabs, line ends and backslashes are written as `\040` and the like. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
