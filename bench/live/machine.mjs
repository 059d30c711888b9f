import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** All that serves has one core, and what loads it another, so that neither takes the other's time. */
const SERVER_CPU = process.env.SERVER_CPU ?? '0';
const CLIENT_CPU = process.env.CLIENT_CPU ?? '1';

/** How long a window waits for the rest of the machine to be quiet, in ms. */
const QUIET_MS = Number(process.env.QUIET_MS ?? 3_000);

/** Cores that the rest of the machine may use. */
const QUIET_CORES = 0.25;

/** Ports below those that systems give to connections. */
const PORTS = { from: 20_000, count: 12_000 };

export const onServerCpu = ['taskset', '-c', SERVER_CPU];
const onClientCpu = ['taskset', '-c', CLIENT_CPU];

/** Starts a program on the server's core (or `client`: on the other), ready once it has said so in its first line. */
export async function start(command, args, { client = false, waitFor = 'line', port, env } = {}) {
  const [first, ...rest] = [...(client ? onClientCpu : onServerCpu), command, ...args.map(String)];
  const child = spawn(first, rest, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const exit = once(child, 'exit');
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  void exit.then(() => process.off('exit', endWithUs));
  if (waitFor === 'line') {
    const said = once(createInterface({ input: child.stdout }), 'line');
    await Promise.race([said, exit.then(([code]) => Promise.reject(new Error(`${command} ended with ${code}`)))]);
    child.stdout.resume();
  } else if (waitFor === 'port') {
    child.stdout.resume();
    await listens(port);
  }
  return {
    child,
    pid: child.pid,
    exit,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      // Some do not hear, while they are busy.
      const patience = setTimeout(endWithUs, 3_000);
      await exit;
      clearTimeout(patience);
    },
  };
}

/** A program of this folder, in Node.js. */
export const startNode = (file, args) =>
  start(process.execPath, [join(import.meta.dirname, 'peers', file), ...args.map(String)]);

export const isInstalled = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

let nextPort = PORTS.from + (process.pid % PORTS.count);

export async function freePort() {
  for (;;) {
    nextPort = nextPort + 1 < PORTS.from + PORTS.count ? nextPort + 1 : PORTS.from;
    const probe = createServer();
    const isFree = await new Promise((resolve) => {
      probe.once('error', () => resolve(false)).listen(nextPort, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return nextPort;
  }
}

async function listens(port) {
  for (const until = Date.now() + 15_000; Date.now() < until; await sleep(50)) {
    const isThere = await new Promise((resolve) => {
      const probe = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      probe.once('connect', () => probe.destroy());
    });
    if (isThere) return;
  }
  throw new Error(`Nothing listens on port ${port}.`);
}

/** Waits until others leave the machine alone, but not for ever: what they took is told with each window. */
export async function quiet() {
  for (const until = performance.now() + QUIET_MS; ;) {
    const before = busySeconds();
    const began = performance.now();
    await sleep(250);
    const cores = (busySeconds() - before) / ((performance.now() - began) / 1_000);
    if (cores < QUIET_CORES || performance.now() > until) return;
  }
}

/** Of all cores, since some moment; from the time that they idled, which is exact. */
function busySeconds() {
  const columns = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
  return (performance.now() / 1_000) * availableParallelism() - (columns[3] + columns[4]) / 100;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

export const round = (value, digits = 2) => (Number.isFinite(value) ? Number(value.toFixed(digits)) : undefined);
