import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../log.ts';
import { findAccount, makeOpenFolder, ownerOf } from './embedded/account.ts';
import { findBinaries } from './embedded/binaries.ts';
import { clusterIn, findHome, initCluster, majorOf, noteHome } from './embedded/cluster.ts';
import { lockFolder } from './embedded/folder-lock.ts';
import {
  adoptPostmaster,
  startPostmaster,
  stopPostmaster,
  urlOf,
  type Postmaster,
  type PostmasterOptions,
} from './embedded/postmaster.ts';

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
  await makeOpenFolder(dir);
  // Absolute, for programs that we start work in another folder; and one name only, whichever link led here.
  const dataDir = await realpath(dir);
  const locks = [await lockFolder(dataDir)];
  const unlock = async () => void (await Promise.all(locks.map((release) => release())));
  try {
    const home = await findHome(dataDir, await findAccount());
    if (home.isElsewhere) {
      log.info(
        `the database is in ${home.folder}: PostgreSQL does not run as root, and others cannot enter ${dataDir}`,
      );
      await makeOpenFolder(home.folder);
      // Copies of a data folder note the same place.
      locks.push(await lockFolder(home.folder));
    }
    const cluster = clusterIn(home.folder);
    const account = (await ownerOf(cluster)) ?? (await findAccount());
    const binaries = await findBinaries({ account, major: await majorOf(home.folder), log });
    const password = await initCluster(home.folder, { binaries, account, log });
    await noteHome(dataDir, home);
    return await run({ cluster, password, binaries, account, log }, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function run(options: PostmasterOptions, unlock: () => Promise<void>): Promise<EmbeddedPostgres> {
  const { log, password } = options;
  let postmaster = (await adoptPostmaster(options)) ?? (await startPostmaster(options));
  const { port } = postmaster;
  try {
    await createDatabase(urlOf(port, password, 'postgres'));
  } catch (error) {
    await stopPostmaster(postmaster);
    throw error;
  }

  let stopping: Promise<void> | undefined;
  const guard = keepAlive();

  async function keepAlive(): Promise<void> {
    while (!stopping) {
      const lastWords = await postmaster.ended;
      if (stopping) return;
      log.error('the embedded database ended unexpectedly and is started again', { lastWords });
      postmaster = await restart();
    }
    await stopPostmaster(postmaster);
  }

  async function restart(): Promise<Postmaster> {
    while (!stopping) {
      try {
        // On the same port, where everyone looks for it.
        return (await adoptPostmaster(options)) ?? (await startPostmaster({ ...options, port }));
      } catch (error) {
        log.error('the embedded database cannot be started', error);
        await sleep(1_000);
      }
    }
    return postmaster;
  }

  async function stop(): Promise<void> {
    await stopPostmaster(postmaster);
    await guard;
    await unlock();
  }

  return { url: urlOf(port, password, DATABASE), stop: () => (stopping ??= stop()) };
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  // The end of the connection also fails the statement, which is where it is heard.
  client.on('error', () => {});
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}
