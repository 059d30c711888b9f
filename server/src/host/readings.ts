import { loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createLinuxReader } from './linux.ts';
import { createLibraryReader } from './library.ts';
import { round, type MachineReader, type Reading } from './reading.ts';

/** Reads this machine once per call, without holding the server's event loop. What a system does not tell is left out. */
export function createReader(): MachineReader {
  const machine = process.platform === 'linux' ? createLinuxReader() : createLibraryReader();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();

  function eventLoop(): Reading[] {
    // The histogram includes its own interval of 10 ms.
    const value = Math.max(0, delay.max / 1e6 - 10);
    delay.reset();
    return [{ stream: 'host.eventloop.delay', unit: 'ms', value: round(value, 2) }];
  }

  return {
    async read() {
      const readings = await machine.read();
      return [...readings, ...load(), ...eventLoop()].filter(({ value }) => Number.isFinite(value));
    },
    async stop() {
      delay.disable();
      await machine.stop();
    },
  };
}

function load(): Reading[] {
  return loadavg().map((value, i) => ({ stream: `host.load.${['1m', '5m', '15m'][i]}`, value: round(value, 2) }));
}
