import { randomUUID } from 'node:crypto';
import { chmod, copyFile, lstat, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Log } from '../../log.ts';
import { makeOpenFolder } from './account.ts';

export type StagingOptions = {
  /** Names the copy: another version is another copy. */
  version: string;
  log: Log;
  under?: string;
};

/**
 * Copies the binaries to where every account can read them, and gives back the folder of the copy. Programs that do so
 * at the same time end up with one copy; a folder that someone else has put there to be found is not trusted.
 */
export async function stageBinaries(
  native: string,
  { version, log, under = tmpdir() }: StagingOptions,
): Promise<string> {
  const shared = join(under, `quantumflux-postgres-${version}-${process.getuid?.() ?? 'user'}`);
  if (await isOurs(shared)) return fill(shared, native);

  const own = await mkdtemp(`${shared}.`);
  const filled = await fill(own, native);
  await chmod(own, 0o755);
  const isShared = await rename(own, shared).then(
    () => true,
    () => false,
  );
  if (isShared) return join(shared, 'native');
  if (await isOurs(shared)) {
    await rm(own, { recursive: true });
    return fill(shared, native);
  }
  log.warn(`${shared} belongs to someone else, so the database runs from a copy of its own in ${own}.`);
  return filled;
}

/** npm does not run the package's install script everywhere, and packages cannot hold the links that it makes. */
export async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    // One that is there stays. Where we may not write, a copy is tried next.
    await symlink(relative(dirname(link), join(native, '..', source)), link).catch(() => {});
  }
}

/** A folder that only this user can have filled. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  return (
    found !== undefined &&
    found.isDirectory() &&
    found.uid === (process.getuid?.() ?? found.uid) &&
    (found.mode & 0o022) === 0
  );
}

/**
 * Copies what is missing: all, or what the system's cleaning of old files has taken. A file appears at once and whole,
 * and one that is there is never touched, for a database may be running from it.
 */
async function fill(folder: string, native: string): Promise<string> {
  const copy = join(folder, 'native');
  await makeOpenFolder(copy);
  for (const entry of await readdir(native, { recursive: true, withFileTypes: true })) {
    const source = join(entry.parentPath, entry.name);
    const target = join(copy, relative(native, source));
    if (entry.isDirectory()) await makeOpenFolder(target);
    if (!entry.isFile()) continue;
    const [wanted, found] = await Promise.all([lstat(source), lstat(target).catch(() => undefined)]);
    if (found?.size === wanted.size) continue;
    const aside = `${target}.${randomUUID()}`;
    await makeOpenFolder(dirname(target));
    await copyFile(source, aside);
    await chmod(aside, (wanted.mode & 0o100) === 0 ? 0o644 : 0o755);
    await rename(aside, target);
  }
  await linkLibraries(copy);
  return copy;
}
