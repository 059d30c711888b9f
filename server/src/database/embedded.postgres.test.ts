import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Log } from '../log.ts';
import { findAccount } from './embedded/account.ts';
import { findProcess } from './embedded/processes.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded.postgres.ts';

let dir: string;
let running: EmbeddedPostgres[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'quantumflux-embedded-'));
  // Open to the account that PostgreSQL runs as when the tests run as root.
  await chmod(dir, 0o755);
  return () => rm(dir, { recursive: true, maxRetries: 3 });
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  running = [];
});

/** What was logged, by its first words. */
function listen() {
  const entries: string[] = [];
  const write = (message: string) => void entries.push(message);
  return { entries, log: { error: write, warn: write, info: write } satisfies Log };
}

async function start({ log } = listen()): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dir, log });
  running.push(postgres);
  return postgres;
}

/** A server in a process of its own, which can be killed. */
async function startInOtherProcess(): Promise<{ child: ChildProcess; url: string }> {
  const source = new URL('./embedded.postgres.ts', import.meta.url).href;
  const program = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(source)});
    const log = { error() {}, warn() {}, info() {} };
    console.log((await startEmbeddedPostgres({ dir: ${JSON.stringify(dir)}, log })).url);`;
  const args = ['--conditions=quantumflux-source', '--import', 'tsx', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const url of createInterface({ input: child.stdout })) return { child, url };
  throw new Error('the other process ended before its database was up');
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(join(dir, 'database', 'cluster', 'postmaster.pid'), 'utf8'), 10);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('what was written is there after a stop and a start', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  const second = await start();
  expect(await query(second.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
});

test('nothing is left running after a stop, which may be asked for twice', async () => {
  const postgres = await start();
  const pid = await postmasterPid();
  await Promise.all([postgres.stop(), postgres.stop()]);
  expect(await findProcess(pid)).toBeUndefined();
  await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
});

test('it is durable, speaks UTC and knows the case of all letters', async () => {
  const { url } = await start();
  const names = `current_setting('fsync') AS fsync, current_setting('timezone') AS timezone, upper('äé') AS upper`;
  expect(await query(url, `SELECT ${names}`)).toEqual([{ fsync: 'on', timezone: 'UTC', upper: 'ÄÉ' }]);
});

describe('a second server on the same data folder', () => {
  test('is refused in one sentence, and the first goes on', async () => {
    const { url } = await start();
    await expect(startEmbeddedPostgres({ dir, log: listen().log })).rejects.toThrow(
      `The data folder ${dir} is in use by another QuantumFlux server (process ${process.pid}). Stop it, or set DATA_DIR to another folder.`,
    );
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('is refused also when the first is another process', async () => {
    const { child } = await startInOtherProcess();
    await expect(startEmbeddedPostgres({ dir, log: listen().log })).rejects.toThrow(`(process ${child.pid})`);
    await kill(child);
  });
});

describe('after the server was killed', () => {
  test('its database, which still runs, is taken over, and stopped in the end', async () => {
    const { child, url } = await startInOtherProcess();
    const pid = await postmasterPid();
    await kill(child);
    const { log, entries } = listen();
    const postgres = await start({ log, entries });
    expect(postgres.url).toBe(url);
    expect(await postmasterPid()).toBe(pid);
    expect(entries).toEqual(['the database of the last run is still there and goes on']);
    await postgres.stop();
    expect(await findProcess(pid)).toBeUndefined();
  });

  test('and its database too, everything that was committed is there', async () => {
    const { child, url } = await startInOtherProcess();
    await query(url, 'CREATE TABLE committed AS SELECT generate_series(1, 1000) AS n');
    process.kill(await postmasterPid(), 'SIGKILL');
    await kill(child);
    const postgres = await start();
    expect(await query(postgres.url, 'SELECT count(*)::int FROM committed')).toEqual([{ count: 1_000 }]);
  });
});

test.runIf(process.platform === 'linux')(
  'the number of a dead database may belong to a zombie, or to another process',
  async () => {
    // Processes of its own account: those of others PostgreSQL cannot signal, and so does not take for itself.
    const zombies = spawn('/bin/sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 30'], {
      ...(await findAccount()),
      cwd: '/',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [zombie] = (await once(zombies.stdout, 'data')) as [Buffer];
    await expect.poll(() => findProcess(Number(zombie))).toBeUndefined();
    for (const pid of [Number(zombie), zombies.pid!]) {
      await writeFile(
        join(dir, 'database', 'cluster', 'postmaster.pid'),
        `${pid}\n${dir}\n1763800000\n20001\n\n127.0.0.1\n`,
      );
      const postgres = await start();
      expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await postgres.stop();
    }
    zombies.kill();
  },
);

test('a password that does not fit is said at once, and nothing is left running', async () => {
  const file = join(dir, 'database', 'password');
  const password = await readFile(file, 'utf8');
  await writeFile(file, 'wrong');
  await expect(start()).rejects.toThrow('does not take the password that is kept beside it');
  await expect(postmasterPid()).rejects.toThrow('ENOENT');
  await writeFile(file, password);
});

test('a database that dies is started again in the same place', async () => {
  const { log, entries } = listen();
  const { url } = await start({ log, entries });
  const pid = await postmasterPid();
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(async () => expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]), 10_000);
  expect(await postmasterPid()).not.toBe(pid);
  expect(entries[0]).toBe('the embedded database ended unexpectedly and is started again');
});

test('a stop while it is being started again leaves nothing running', async () => {
  const postgres = await start();
  const pid = await postmasterPid();
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(async () => expect(await findProcess(pid)).toBeUndefined());
  await postgres.stop();
  await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
});
