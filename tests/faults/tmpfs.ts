import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of its own that can be filled to the brim. */
export type SmallDisk = {
  path: string;
  /** Leaves only so many bytes free. */
  fill(leave: number): Promise<void>;
  /** Takes back what `fill` did. */
  empty(): Promise<void>;
  remove(): Promise<void>;
};

/** Undefined, with a word about it, where this machine does not let us mount one; in CI that is a failure. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'quantumflux-disk-'));
  const { status, error, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  if (status !== 0) {
    await rm(path, { recursive: true });
    const reason = `a small disk cannot be mounted here (${error?.message ?? String(stderr).trim()})`;
    if (process.env['CI'] && process.platform === 'linux') throw new Error(reason);
    console.warn(`\n*** The test of a full disk is SKIPPED: ${reason}. It needs root on Linux. ***\n`);
    return undefined;
  }
  // PostgreSQL runs as an account of its own.
  await chmod(path, 0o755);
  const ballast = join(path, 'ballast');
  return {
    path,
    async fill(leave) {
      const { bavail, bsize } = await statfs(path);
      try {
        await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leave)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        // Somebody else took a part of it meanwhile: a segment of the log, say.
        await truncate(ballast, Math.max(0, (await stat(ballast)).size - leave));
      }
    },
    empty: () => rm(ballast, { force: true }),
    async remove() {
      spawnSync('umount', [path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}
