import { mkdir, realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../log.ts';
import { findAccount } from './embedded/account.ts';
import { findBinaries } from './embedded/binaries.ts';
import { clusterIn, findHome, initCluster, majorOf, noteHome } from './embedded/cluster.ts';
import { lockFolder } from './embedded/folder-lock.ts';
import { adoptPostmaster, startPostmaster, stopPostmaster, urlOf, type PostmasterOptions } from './embedded/postmaster.ts';

const DATABASE = 'quantumflux';

export type EmbeddedPostgres = {
  /** Where it is, with its password. The same after it had to be started again. */
  url: string;
  /** Ends it in good order and frees the data folder. */
  stop(): Promise<void>;
};

/**
 * A PostgreSQL of our own with its files in `dir`, for this machine alone. The first start makes the files. One that was
 * left behind by a killed server is taken over; one that dies is started again.
 */
export async function startEmbeddedPostgres({ dir, log }: { dir: string; log: Log }): Promise<EmbeddedPostgres> {
  await mkdir(dir, { recursive: true });
  // Programs that we start have another working directory, and the folder must have one name only.
  const dataDir = await realpath(dir);
  const unlock = await lockFolder(dataDir);
  try {
    return await start(dataDir, { log, unlock });
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function start(dataDir: string, { log, unlock }: { log: Log; unlock: () => Promise<void> }): Promise<EmbeddedPostgres> {
  const { home, account } = await findPlace(dataDir);
  const isElsewhere = !home.startsWith(dataDir);
  if (isElsewhere) log.info(`the database is in ${home}, for PostgreSQL does not run as root and others cannot enter ${dataDir}`);
  await mkdir(home, { recursive: true });
  // Copies of a data folder note the same place.
  const unlockHome = isElsewhere ? await lockFolder(home) : () => Promise.resolve();
  const release = () => Promise.all([unlockHome(), unlock()]);
  try {
    const binaries = await findBinaries({ account, major: await majorOf(home), log });
    const password = await initCluster(home, { binaries, account, log });
    if (isElsewhere) await noteHome(dataDir, home);
    return await run({ cluster: clusterIn(home), password, binaries, account, log }, release);
  } catch (error) {
    await unlockHome();
    throw error;
  }
}

async function findPlace(dataDir: string) {
  const account = await findAccount(clusterIn(dataDir));
  const home = await findHome(dataDir, account);
  return { home, account: await findAccount(clusterIn(home)) };
}

async function run(options: PostmasterOptions, release: () => Promise<unknown>): Promise<EmbeddedPostgres> {
  const { log, password } = options;
  let postmaster = (await adoptPostmaster(options)) ?? (await startPostmaster(options));
  const { port } = postmaster;
  await createDatabase(urlOf(postmaster, options, 'postgres')).catch(async (error: unknown) => {
    await stopPostmaster(postmaster);
    throw error;
  });

  let isStopping = false;
  const guard = (async () => {
    for (;;) {
      const lastWords = await postmaster.ended;
      if (isStopping) return;
      log.error('the embedded database ended unexpectedly and is started again', { lastWords });
      postmaster = await restart();
    }
  })();

  async function restart() {
    for (;;) {
      try {
        // On the same port, where everyone looks for it.
        return (await adoptPostmaster(options)) ?? (await startPostmaster({ ...options, port }));
      } catch (error) {
        log.error('the embedded database cannot be started', error);
        if (isStopping) return postmaster;
        await sleep(1_000);
      }
    }
  }

  return {
    url: urlOf(postmaster, { password }, DATABASE),
    async stop() {
      isStopping = true;
      await stopPostmaster(postmaster);
      await guard;
      await release();
    },
  };
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}
