import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../server/src/database/embedded/ports.ts';

const program = fileURLToPath(new URL('../server/dist/main.js', import.meta.url));

export const SECRET_KEY = `qf_sk_${'e2e0'.repeat(12)}`;
export const PUBLISHABLE_KEY = 'qf_pk_demo';

/** Where a server keeps everything, thrown away at the end. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'quantumflux-test-'));
  // Open to the account that PostgreSQL runs as when the tests run as root; else the database would be put elsewhere.
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
}

export type ServerOptions = { dataDir: string; port?: number; env?: Record<string, string> };

/** The built server as its user runs it: a process of its own. */
export async function startServer({ dataDir, port, env = {} }: ServerOptions) {
  const listenOn = port ?? (await findFreePort());
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TMPDIR: tmpdir(),
      DATA_DIR: dataDir,
      PORT: String(listenOn),
      BOOTSTRAP_SECRET_KEY: SECRET_KEY,
      HOST_METRICS: 'off',
      DRAIN_WAIT: '0s',
      ...env,
    },
  });
  const output = collect(child);
  const url = `http://127.0.0.1:${listenOn}`;
  await waitUntilReady(url, child, output);
  return {
    url,
    port: listenOn,
    output,
    /** As a power cut of the process would: nothing is flushed, nothing is said. */
    kill: () => end(child, 'SIGKILL'),
    /** From then on it does nothing, as if it was busy for long. */
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: () => end(child, 'SIGTERM'),
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    /** Its exit code. */
    exit: new Promise<number | null>((resolve) => child.once('exit', resolve)),
  };
}

export type RunningServer = Awaited<ReturnType<typeof startServer>>;

/** Runs a server that is expected to give up; what it said and its exit code. */
export async function runServer(options: ServerOptions): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      DATA_DIR: options.dataDir,
      HOST_METRICS: 'off',
      ...options.env,
      PORT: String(options.port ?? (await findFreePort())),
    },
  });
  const output = collect(child);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, output: output() };
}

/** Writes with the secret key; the status that came back. */
export async function post(url: string, body: unknown, key = SECRET_KEY): Promise<Response> {
  return fetch(`${url}/api/v1/points`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Asks with the secret key. */
export async function get(url: string, path: string, key = SECRET_KEY): Promise<Response> {
  return fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => (text += part));
  return () => text;
}

async function waitUntilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const until = Date.now() + 30_000;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`the server gave up:\n${output()}`);
    const isReady = await fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`the server did not become ready:\n${output()}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return exit;
}
