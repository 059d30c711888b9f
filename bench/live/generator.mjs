import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { start } from './machine.mjs';

/**
 * Runs native/loadgen: subscribers and a publisher. `config` are its keys; a value that is a list is given line by line.
 * `beside` tells, at the start of each window, whose CPU is counted beside that of the servers.
 */
export async function startGenerator(program, config, { beside = () => [] } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'quantumflux-bench-'));
  const file = join(dir, 'config');
  const lines = Object.entries(config).flatMap(([key, value]) => [value].flat().map((each) => `${key} ${each}\n`));
  await writeFile(file, lines.join(''));
  const load = await start(program, [file], { client: true, waitFor: 'nothing' });
  const { child, exit } = load;
  // One that has ended says why by its exit code.
  child.stdin.on('error', () => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const stop = async () => {
    if (child.exitCode === null) child.stdin.write('quit\n');
    await load.stop();
    await rm(dir, { recursive: true, force: true });
  };

  async function answer() {
    const { value } = await answers.next();
    if (value === undefined) throw new Error(`The load ended with ${(await exit)[0]}.`);
    const told = JSON.parse(value);
    if (told.type === 'error') throw new Error(`The load: ${told.message}.`);
    return told;
  }
  function ask(command) {
    child.stdin.write(`beside ${beside().join(',')}\n${command}\n`);
    return answer();
  }

  try {
    const ready = await answer();
    return {
      ready,
      /** `rate` points a second of each stream: what was delivered, at which cost, in a window of ms. */
      step: ({ rate, settleMs = 400, windowMs = 1_200, drainMs = 8_000 }) =>
        ask(`step ${rate} ${settleMs} ${windowMs} ${drainMs}`),
      /** All subscribers go and come back, while points go on. */
      reconnect: ({ rate, awayMs, patienceMs }) => ask(`reconnect ${rate} ${awayMs} ${patienceMs}`),
      idle: (ms) => ask(`idle ${ms}`),
      /** How long the publisher gathers points, in ms. */
      gather: (ms) => void child.stdin.write(`tick ${ms * 1_000}\n`),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
