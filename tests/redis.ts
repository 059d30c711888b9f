import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findFreePort } from '../server/src/database/embedded/ports.ts';

const HOW_TO_GET_IT = 'apt-get install redis-server, or: brew install redis';

/** Whether this machine has Redis. Where it has not, tests of it are skipped, but not in silence, and never in CI. */
export function hasRedis(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  if (process.env['CI']) throw new Error(`There is no redis-server on the PATH. ${HOW_TO_GET_IT}`);
  console.warn(`\n*** The tests with Redis are SKIPPED: there is no redis-server on the PATH. ${HOW_TO_GET_IT} ***\n`);
  return false;
}

export type TestRedis = {
  url: string;
  port: number;
  /** As if the machine had gone: nothing is saved, nobody is told. */
  kill(): Promise<void>;
  /** From then on it takes connections, and what is sent to it, but answers nothing. */
  pause(): void;
  resume(): void;
  /** May be called whatever has become of it. */
  stop(): Promise<void>;
};

/**
 * A Redis of the test's own, which keeps nothing, or everything in a folder of the test's. Given a port, it comes back in
 * the place of one that was killed. `more` are arguments of redis-server; `under` is a command that runs it.
 */
export async function startRedis({
  port,
  keepIn,
  host = '127.0.0.1',
  more = [],
  under = [],
}: RedisOptions = {}): Promise<TestRedis> {
  const dir = keepIn ?? (await mkdtemp(join(tmpdir(), 'quantumflux-redis-')));
  const at = port ?? (await findFreePort());
  const keep = keepIn === undefined ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', 'always'];
  const args = ['--port', String(at), '--bind', host, '--dir', dir, '--save', '', ...keep, ...more];
  const redis = await startProgram([...under, 'redis-server', ...args], 'Ready to accept connections');
  const end = (signal: NodeJS.Signals) => async () => {
    await redis.end(signal);
    if (keepIn === undefined) await rm(dir, { recursive: true, force: true });
  };
  return {
    url: `redis://${host}:${at}`,
    port: at,
    kill: end('SIGKILL'),
    pause: () => redis.signal('SIGSTOP'),
    resume: () => redis.signal('SIGCONT'),
    stop: end('SIGTERM'),
  };
}

type RedisOptions = { port?: number; keepIn?: string; host?: string; more?: string[]; under?: string[] };

/** Runs until it ends, or we do. Resolves once it has said that it is ready. */
export async function startProgram([program, ...args]: string[], ready: string) {
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const endWithUs = () => child.kill('SIGKILL');
  process.on('exit', endWithUs);
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (!line.includes(ready)) continue;
    child.stdout.resume();
    return {
      signal: (signal: NodeJS.Signals) => void child.kill(signal),
      async end(signal: NodeJS.Signals): Promise<void> {
        process.off('exit', endWithUs);
        child.kill(signal);
        // One that is paused does not hear of its end.
        child.kill('SIGCONT');
        await exit;
      },
    };
  }
  throw new Error(`${program} did not start:\n${said.join('\n')}`);
}
