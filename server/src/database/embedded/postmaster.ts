import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../../log.ts';
import type { Account } from './account.ts';
import { surroundings, type Binaries } from './binaries.ts';
import { USER } from './cluster.ts';
import { findFreePort } from './ports.ts';
import { findProcess } from './processes.ts';

/** A PostgreSQL server that runs. */
export type Postmaster = {
  pid: number;
  port: number;
  /** Settles when it has ended, for whatever reason; with its last words, where we heard them. */
  ended: Promise<string>;
};

export type PostmasterOptions = {
  cluster: string;
  password: string;
  binaries: Binaries;
  account: Account | undefined;
  log: Log;
};

const START_MS = 60_000;
const POLL_MS = 20;

// How much of what it says is kept for the case that it ends.
const LAST_WORDS = 4_000;

const settings = {
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  max_connections: '100',
  timezone: 'UTC',
  // It speaks to us alone: errors of statements come back to their caller, and may hold data of users.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

/** The server of a node that was killed, if it still runs; undefined when one must be started. */
export async function adoptPostmaster({ cluster, password, log }: PostmasterOptions): Promise<Postmaster | undefined> {
  const pidFile = join(cluster, 'postmaster.pid');
  for (const until = Date.now() + START_MS; Date.now() < until; await sleep(POLL_MS)) {
    const text = await readFile(pidFile, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const [pid = Number.NaN, , , port] = text.split('\n').map((line) => Number.parseInt(line, 10));
    // Cut off by a crash while it was written.
    if (Number.isNaN(pid)) return void (await rm(pidFile));
    const found = await findProcess(pid);
    if (!found || (found.command !== undefined && !found.command.includes(cluster))) {
      // PostgreSQL would refuse to start beside a zombie, or beside whatever has the number now. Its parent's number it
      // knows to be no other server; all its other checks, for processes that still hold the memory, stay in force.
      await writeFile(pidFile, text.replace(/^\d+/, String(process.pid)));
      return undefined;
    }
    // It may still be on its way up, or down.
    const answer = port ? await ask(port, password) : 'none';
    if (answer === 'refused') throw new Error(wrongPassword(cluster));
    if (port && answer === 'welcome') {
      log.info('the database of the last run is still there and goes on');
      return { pid, port, ended: endOf(pid, found.startedAt) };
    }
  }
  throw new Error(
    `A PostgreSQL server runs on ${cluster}, but does not answer. Stop it (its number stands in ${pidFile}), then start again.`,
  );
}

/** Starts a server and waits until it answers. */
export async function startPostmaster(options: PostmasterOptions & { port?: number | undefined }): Promise<Postmaster> {
  const { cluster, password, binaries, account, log } = options;
  const port = options.port ?? (await findFreePort());
  const tuned = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // Over TCP, for the path of a Unix socket may be 107 bytes at most. Detached, so that Ctrl-C reaches us first.
  const child = spawn(
    join(binaries.folder, 'postgres'),
    ['-D', cluster, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...tuned],
    {
      ...account,
      ...surroundings,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-LAST_WORDS);
    if (/PANIC:|terminated by signal/.test(text)) log.warn('the embedded database had to recover', text.trim());
  });
  const ended = once(child, 'close').then(
    () => words,
    (error: unknown) => String(error),
  );
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  let answer: Answer = 'none';
  for (
    const until = Date.now() + START_MS;
    Date.now() < until && !hasEnded && answer === 'none';
    await sleep(POLL_MS)
  ) {
    answer = await ask(port, password);
    if (answer === 'welcome') return { pid: child.pid!, port, ended };
  }
  child.kill('SIGQUIT');
  const lastWords = await ended;
  throw new Error(answer === 'refused' ? wrongPassword(cluster) : `The embedded database did not start: ${lastWords}`);
}

/** Stops it in good order if it lets itself; in the end it is gone. */
export async function stopPostmaster({ pid, ended }: Postmaster): Promise<void> {
  // Each gentler than the next: close connections and write all down; leave at once and recover at the next start; die.
  const steps = [
    ['SIGINT', 20_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const;
  for (const [signal, patienceMs] of steps) {
    if (await settles(ended, 0)) return;
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself in this moment.
    }
    if (await settles(ended, patienceMs)) return;
  }
}

async function settles(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  const patience = new AbortController();
  const given = sleep(withinMs, false, { signal: patience.signal }).catch(() => false);
  const isSettled = await Promise.race([promise.then(() => true), given]);
  patience.abort();
  return isSettled;
}

export function urlOf(port: number, password: string, database: string): string {
  return `postgresql://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

type Answer = 'welcome' | 'refused' | 'none';

async function ask(port: number, password: string): Promise<Answer> {
  const client = new pg.Client({ connectionString: urlOf(port, password, 'postgres'), connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return 'welcome';
  } catch (error) {
    // https://www.postgresql.org/docs/current/errcodes-appendix.html: invalid_password
    return (error as { code?: unknown }).code === '28P01' ? 'refused' : 'none';
  } finally {
    await client.end().catch(() => {});
  }
}

function wrongPassword(cluster: string): string {
  return `The database in ${cluster} does not take the password that is kept beside it. Bring both back from one backup.`;
}

/** The system does not tell us of the end of a process that is not our child. */
async function endOf(pid: number, startedAt: string | undefined): Promise<string> {
  for (;;) {
    const found = await findProcess(pid);
    if (!found || found.startedAt !== startedAt) return '';
    await sleep(250, undefined, { ref: false });
  }
}
