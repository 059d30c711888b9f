import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Systeminformation as Si } from 'systeminformation';
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

/** What the worker answers; null for what the system does not tell. */
type Answers = {
  currentLoad?: Si.CurrentLoadData | null;
  mem?: Si.MemData | null;
  networkStats?: Si.NetworkStatsData[] | null;
  fsStats?: Si.FsStatsData | null;
  fsSize?: Si.FsSizeData[] | null;
};

type Question = { calls: [name: keyof Answers, argument?: string][] };

const EACH_TIME: Question['calls'] = [['currentLoad'], ['mem'], ['networkStats', '*'], ['fsStats']];

/** The library starts processes, waits for some of them, and so holds the thread that it runs in: it gets one of its own. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const library = require(workerData.library);
parentPort.on('message', async ({ calls }) => {
  const answers = await Promise.all(
    calls.map(async ([name, ...given]) => [name, await library[name](...given)]).map((answer) => answer.catch(() => undefined)),
  );
  parentPort.postMessage(Object.fromEntries(answers.filter((answer) => answer !== undefined)));
});
`;

/** Reads any system that the library systeminformation knows. */
export function createLibraryReader(): MachineReader {
  let worker: Worker | undefined;
  let count = 0;

  function start(): Worker {
    // In words, not as a file: it runs the same from the sources, in tests and from the bundle.
    const library = createRequire(import.meta.url).resolve('systeminformation');
    const started = new Worker(PROGRAM, { eval: true, workerData: { library } });
    started.unref();
    // It ends after an error, and the next question starts another.
    started.on('error', () => undefined);
    started.once('exit', () => {
      if (worker === started) worker = undefined;
    });
    return started;
  }

  function ask(question: Question): Promise<Answers> {
    const asked = (worker ??= start());
    return new Promise((resolve, reject) => {
      const settled = () => asked.off('message', answered).off('error', failed).off('exit', ended);
      const answered = (answers: Answers) => (settled(), resolve(answers));
      const failed = (error: Error) => (settled(), reject(error));
      const ended = () => (settled(), resolve({}));
      asked.on('message', answered).on('error', failed).on('exit', ended);
      asked.postMessage(question);
    });
  }

  return {
    async read() {
      const withFileSystems = count++ % FILE_SYSTEMS_EVERY === 0;
      return readingsOf(await ask({ calls: withFileSystems ? [...EACH_TIME, ['fsSize']] : EACH_TIME }));
    },
    async stop() {
      await worker?.terminate();
    },
  };
}

function readingsOf({ currentLoad, mem, networkStats, fsStats, fsSize }: Answers): Reading[] {
  return [
    ...(currentLoad ? cpuReadings(cpuOf(currentLoad)) : []),
    ...(mem ? memoryReadings({ total: mem.total, available: mem.available, swapUsed: mem.swapused }) : []),
    ...(networkStats ?? [])
      .filter(({ iface }) => iface !== 'lo')
      .flatMap(({ iface, rx_sec, tx_sec }) => networkReadings(iface, { received: told(rx_sec), sent: told(tx_sec) })),
    ...(fsStats ? diskReadings({ read: told(fsStats.rx_sec), written: told(fsStats.wx_sec) }) : []),
    ...(fsSize ?? []).map(({ mount, use }) => fileSystemReading(mount, use)),
  ];
}

function cpuOf({ currentLoad, cpus }: Si.CurrentLoadData): Parameters<typeof cpuReadings>[0] {
  return { all: currentLoad, cores: cpus.map(({ load }, core) => [String(core), load] as const) };
}

/** Rates need two readings: NaN for the first. */
function told(rate: number | null): number {
  return rate ?? Number.NaN;
}
