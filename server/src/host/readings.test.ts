import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createLibraryReader } from './library.ts';
import { createLinuxReader } from './linux.ts';
import type { MachineReader, Reading } from './reading.ts';
import { createReader } from './readings.ts';

const onLinux = test.runIf(process.platform === 'linux');
let reader: MachineReader | undefined;

afterEach(() => reader?.stop());

test('this machine is read with all its streams, in their units', async () => {
  reader = createReader();
  const readings = await readUntil(reader, 'host.cpu.load', 'host.cpu.core.load');
  const units = new Map(readings.map(({ stream, unit }) => [stream, unit]));
  expect(Object.fromEntries(units)).toMatchObject({
    'host.cpu.load': 'percent',
    'host.cpu.core.load': 'percent',
    'host.memory.used': 'bytes',
    'host.memory.used_percent': 'percent',
    'host.swap.used': 'bytes',
    'host.eventloop.delay': 'ms',
  });
  expect([...units.keys()]).toEqual(expect.arrayContaining(['host.load.1m', 'host.load.5m', 'host.load.15m']));
  for (const { stream, unit, value } of readings) {
    expect(value, stream).toBeGreaterThanOrEqual(0);
    if (unit === 'percent') expect(value, stream).toBeLessThanOrEqual(100);
  }
});

onLinux('Linux and the library tell the same of this machine', async () => {
  const own = createLinuxReader();
  const library = createLibraryReader();
  try {
    const [ours, theirs] = [await readUntil(own, 'host.cpu.load'), await readUntil(library, 'host.cpu.load')];
    const memory = (readings: Reading[]) => readings.find(({ stream }) => stream === 'host.memory.used')?.value ?? 0;
    // They are asked one after the other.
    expect(Math.abs(memory(ours) / memory(theirs) - 1)).toBeLessThan(0.2);
    const cores = (readings: Reading[]) =>
      readings.filter(({ stream }) => stream === 'host.cpu.core.load').map(({ tags }) => tags?.['core']);
    expect(cores(ours)).toEqual(cores(theirs));
  } finally {
    await Promise.all([own.stop(), library.stop()]);
  }
});

onLinux('file systems are told, the root among them', async () => {
  reader = createLinuxReader();
  const readings = await readUntil(reader, 'host.filesystem.used_percent');
  expect(readings.map(({ tags }) => tags?.['mount'])).toContain('/');
});

onLinux.each([
  ['/proc', createLinuxReader],
  ['the library', createLibraryReader],
])('reading by %s starts no process from the thread of the server', async (_, create) => {
  reader = create();
  let isReading = true;
  const reading = reader.read().finally(() => (isReading = false));
  while (isReading) {
    expect(process.getActiveResourcesInfo()).not.toContain('ProcessWrap');
    await turn();
  }
  expect((await reading).length).toBeGreaterThan(0);
});

/** Rates need two readings, and file systems are told when they have answered. */
async function readUntil(from: MachineReader, ...streams: string[]): Promise<Reading[]> {
  for (;;) {
    const readings = await from.read();
    const found = new Set(readings.map(({ stream }) => stream));
    if (streams.every((stream) => found.has(stream))) return readings;
    await turn();
  }
}
