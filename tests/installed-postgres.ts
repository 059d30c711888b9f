import { existsSync, readdirSync } from 'node:fs';
import { appendFile, chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../server/src/database/database.ts';
import { findAccount } from '../server/src/database/embedded/account.ts';
import { runProgram, type Binaries } from '../server/src/database/embedded/binaries.ts';
import { clusterIn, initCluster } from '../server/src/database/embedded/cluster.ts';
import { startPostmaster, stopPostmaster, urlOf } from '../server/src/database/embedded/postmaster.ts';
import { silent, type Log } from '../server/src/log.ts';
import { copyDatabase, makeTemplate } from './databases.ts';
import { findEmbedded, type Embedded } from './faults/embedded.ts';
import { migrationsDir } from './migrations.ts';
import type { TestDatabase } from './postgres.ts';

const HOW_TO_GET_IT = 'apt-get install postgresql, or: brew install postgresql@17';

const folders = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];

/** The newest PostgreSQL that is installed, with all its programs: the embedded one comes without pg_basebackup. */
function findInstalled(): Binaries | undefined {
  const found = folders.flatMap((folder) =>
    (existsSync(folder) ? readdirSync(folder) : []).map((name) => ({
      folder: join(folder, name, 'bin'),
      major: Number(/^(?:postgresql@)?(\d+)$/.exec(name)?.[1] ?? 0),
    })),
  );
  return found
    .filter(({ folder, major }) => major >= 15 && existsSync(join(folder, 'pg_basebackup')))
    .sort((a, b) => b.major - a.major)[0];
}

/** Whether this machine has one. Where it has not, tests on it are skipped, but not in silence, and never in CI. */
export function hasPostgres(): boolean {
  if (findInstalled()) return true;
  if (process.env['CI']) throw new Error(`There is no PostgreSQL 15 or newer on this machine. ${HOW_TO_GET_IT}`);
  console.warn(`\n*** The tests with an installed PostgreSQL are SKIPPED: there is none. ${HOW_TO_GET_IT} ***\n`);
  return false;
}

export type InstalledPostgres = {
  major: number;
  /** Its processes, which can be killed and frozen. */
  processes(): Promise<Pick<Embedded, 'kill' | 'freeze' | 'thaw'>>;
  /** The address of a database on it. */
  urlOf(database: string): string;
  /** A new database with all migrations, open. */
  startDatabase(options?: { log?: Log }): Promise<TestDatabase>;
  /** Another server that follows this one. */
  startStandby(settings?: Record<string, string>): Promise<InstalledPostgres>;
  /** Ends it in good order, and starts it again on the same port. */
  end(): Promise<void>;
  begin(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
};

/** A PostgreSQL server of the test's own, in a folder that goes with it. */
export async function startPostgres(): Promise<InstalledPostgres> {
  const { home, ...place } = await prepare();
  const password = await initCluster(home, { ...place, log: silent });
  const server = await run({ home, password, ...place });
  await makeTemplate(server.urlOf('postgres'));
  return server;
}

type Place = { dir: string; home: string; binaries: Binaries; account: Awaited<ReturnType<typeof findAccount>> };

async function prepare(): Promise<Place> {
  const binaries = findInstalled();
  if (!binaries) throw new Error(`There is no PostgreSQL on this machine. ${HOW_TO_GET_IT}`);
  const dir = await mkdtemp(join(tmpdir(), 'quantumflux-postgres-'));
  // Open to the account that PostgreSQL runs as when the tests run as root.
  await chmod(dir, 0o755);
  const home = join(dir, 'database');
  await mkdir(home);
  return { dir, home, binaries, account: await findAccount() };
}

async function run(place: Place & { password: string }): Promise<InstalledPostgres> {
  const { dir, home, binaries, account, password } = place;
  const options = { cluster: clusterIn(home), password, binaries, account, log: silent };
  let postmaster = await startPostmaster(options);
  const { port } = postmaster;
  const url = (database: string) => urlOf(port, password, database);

  return {
    major: binaries.major,
    processes: () => findEmbedded(dir),
    urlOf: url,
    async startDatabase({ log = silent } = {}) {
      const copy = await copyDatabase(url('postgres'), { template: 'migrated' });
      const database = await openDatabase({ url: copy, migrationsDir, log });
      return { database, url: copy, stop: () => database.close() };
    },
    async startStandby(settings = {}) {
      const standby = await prepare();
      const cluster = clusterIn(standby.home);
      await mkdir(cluster, { mode: 0o700 });
      if (account) await chown(cluster, account.uid, account.gid);
      const copy = ['-D', cluster, '-d', url('postgres'), '-X', 'stream', '--checkpoint=fast', '--no-sync', '-R'];
      await runProgram(binaries, 'pg_basebackup', copy, account);
      await writeFile(join(standby.home, 'password'), `${password}\n`);
      const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
      await appendFile(join(cluster, 'postgresql.auto.conf'), lines.join(''));
      return run({ ...standby, password });
    },
    end: () => stopPostmaster(postmaster),
    async begin() {
      postmaster = await startPostmaster({ ...options, port });
    },
    async stop() {
      await stopPostmaster(postmaster);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
