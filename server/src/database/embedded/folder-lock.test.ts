import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';
import { findProcess } from './processes.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'quantumflux-lock-'))));
afterEach(() => rm(folder, { recursive: true }));

const inUse = 'is in use by another QuantumFlux server';

/** The lock of another server, as it would have left it so many seconds ago. */
async function leaveLock(content: object, silentSeconds = 0): Promise<void> {
  const path = join(folder, 'server.other.lock');
  await writeFile(path, JSON.stringify(content));
  const at = new Date(Date.now() - silentSeconds * 1_000);
  await utimes(path, at, at);
}

async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

test('a folder is for one at a time', async () => {
  const unlock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(`The data folder ${folder} ${inUse} (process ${process.pid}).`);
  await unlock();
  await (
    await lockFolder(folder)
  )();
});

test('of many that start together, one at most gets it', async () => {
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
  const winners = all.filter((each) => each.status === 'fulfilled');
  expect(winners.length).toBeLessThanOrEqual(1);
  await Promise.all(winners.map(({ value }) => value()));
  expect(await readdir(folder)).toEqual([]);
});

test('the lock of a server that was killed is removed', async () => {
  await leaveLock({ pid: await endedPid(), startedAt: '1', host: hostname() });
  const unlock = await lockFolder(folder);
  expect(await readdir(folder)).toHaveLength(1);
  await unlock();
});

test.skipIf(process.platform !== 'linux')(
  'a process that only has the number of the killed server is no server',
  async () => {
    await leaveLock({ pid: process.pid, startedAt: '1', host: hostname() });
    await (
      await lockFolder(folder)
    )();
  },
);

test('a process that is the server itself is one', async () => {
  await leaveLock({ pid: process.pid, startedAt: (await findProcess(process.pid))?.startedAt, host: hostname() });
  await expect(lockFolder(folder)).rejects.toThrow(inUse);
});

// Processes of another machine, or of another container on the same volume, cannot be asked.
test('a server elsewhere holds its lock as long as it gives signs of life', async () => {
  await leaveLock({ pid: await endedPid(), host: 'another' }, 5);
  await expect(lockFolder(folder)).rejects.toThrow(inUse);
  await leaveLock({ pid: process.pid, host: 'another' }, 15);
  await (
    await lockFolder(folder)
  )();
});

test('a folder that cannot be written to is said in one sentence', async () => {
  await expect(lockFolder(join(folder, 'gone'))).rejects.toThrow(
    /^The data folder .*gone cannot be written to \(ENOENT\)\. Start the/,
  );
});

test('a lock that is being written counts', async () => {
  await writeFile(join(folder, 'server.other.lock'), '');
  await expect(lockFolder(folder)).rejects.toThrow(`${inUse}. Stop it, or set DATA_DIR to another folder.`);
});
