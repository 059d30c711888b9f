import { execFileSync, spawnSync } from 'node:child_process';

const HOW_TO_GET_IT = 'Run them as root, with: apt-get install iptables iproute2';

/** Whether this machine can have networks of our own. Where it cannot, tests with them are skipped, but never in CI. */
export function hasNetworks(): boolean {
  const isThere = process.getuid?.() === 0 && ['ip', 'iptables'].every((name) => spawnSync(name, ['-V']).status === 0);
  if (isThere) return true;
  if (process.env['CI']) throw new Error(`No network can be cut on this machine. ${HOW_TO_GET_IT}`);
  console.warn(`\n*** The tests that cut networks are SKIPPED. ${HOW_TO_GET_IT} ***\n`);
  return false;
}

export type TestNetwork = {
  /** The address of what runs in it, as seen from here. */
  host: string;
  /** Runs a program in it: put before the program and its arguments. */
  under: string[];
  /** From then on everything to and from it is swallowed, and nobody is told. */
  cut(): void;
  mend(): void;
  /** What runs in it must have ended. */
  remove(): void;
};

/** A network of its own for one program, at the end of a cable that can be cut. */
export function createNetwork(): TestNetwork {
  // Of this process, so that two runs at a time do not share one.
  const number = process.pid % 16_384;
  const [name, here, there] = [`qf${number}`, `qf${number}a`, `qf${number}b`];
  const address = (last: number) => `10.231.${number >> 6}.${(number & 63) * 4 + last}`;
  const run = (program: string, ...args: string[]) => void execFileSync(program, args, { stdio: 'pipe' });
  const inside = (program: string, ...args: string[]) => run('ip', 'netns', 'exec', name, program, ...args);
  const remove = () => run('ip', 'netns', 'del', name);

  run('ip', 'netns', 'add', name);
  try {
    run('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
    run('ip', 'address', 'add', `${address(1)}/30`, 'dev', here);
    run('ip', 'link', 'set', here, 'up');
    inside('ip', 'address', 'add', `${address(2)}/30`, 'dev', there);
    inside('ip', 'link', 'set', there, 'up');
    inside('ip', 'link', 'set', 'lo', 'up');
  } catch (error) {
    remove();
    throw error;
  }
  return {
    host: address(2),
    under: ['ip', 'netns', 'exec', name],
    cut() {
      for (const chain of ['INPUT', 'OUTPUT']) inside('iptables', '-A', chain, '-j', 'DROP');
    },
    mend: () => inside('iptables', '-F'),
    remove,
  };
}
