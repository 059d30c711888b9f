import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** The embedded PostgreSQL of a server, from the outside: its processes and its tables. */
export type Embedded = {
  url: string;
  /** As if the machine had run out of memory: the postmaster and each of its processes, by their numbers. */
  kill(): void;
  /** From then on it takes connections, and what is sent to it, but answers nothing. */
  freeze(): void;
  thaw(): void;
  query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]>;
};

/** Finds it by what it wrote into the data folder, which must be one that PostgreSQL's account can enter. */
export async function findEmbedded(dataDir: string): Promise<Embedded> {
  const home = join(dataDir, 'database');
  const [pid, , , port] = (await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n').map(Number);
  const password = (await readFile(join(home, 'password'), 'utf8')).trim();
  const url = `postgres://quantumflux:${password}@127.0.0.1:${port}/quantumflux`;
  let frozen: number[] = [];

  // The postmaster first, so that it starts nothing new.
  function signal(kind: NodeJS.Signals, pids = [pid!, ...childrenOf(pid!)]): number[] {
    for (const each of pids) {
      try {
        process.kill(each, kind);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    return pids;
  }

  return {
    url,
    kill: () => void signal('SIGKILL'),
    freeze: () => void (frozen = signal('SIGSTOP')),
    thaw: () => void signal('SIGCONT', frozen),
    async query<Row extends pg.QueryResultRow>(sql: string) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query<Row>(sql)).rows;
      } finally {
        await client.end();
      }
    },
  };
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}
