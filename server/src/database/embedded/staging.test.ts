import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silent } from '../../log.ts';
import { stageBinaries } from './staging.ts';

const isRoot = process.getuid?.() === 0;
let native: string;
let under: string;
let shared: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quantumflux-staging-'));
  native = join(folder, 'package', 'native');
  under = join(folder, 'tmp');
  shared = join(under, `quantumflux-postgres-1.0-${process.getuid?.() ?? 'user'}`);
  await mkdir(under);
  await mkdir(join(native, 'bin'), { recursive: true });
  await mkdir(join(native, 'lib'));
  await writeFile(join(native, 'bin', 'postgres'), '#!', { mode: 0o700 });
  await writeFile(join(native, 'lib', 'a.so.1.2'), 'library', { mode: 0o600 });
  await writeFile(join(native, 'pg-symlinks.json'), '[{"source":"native/lib/a.so.1.2","target":"native/lib/a.so"}]');
});
afterEach(() => rm(join(under, '..'), { recursive: true }));

const stage = (log = silent) => stageBinaries(native, { version: '1.0', log, under });

test('everyone can read the copy, and only we can write', async () => {
  const copy = await stage();
  expect(copy).toBe(join(shared, 'native'));
  const modes = ['..', 'bin', 'bin/postgres', 'lib/a.so.1.2'].map(
    async (path) => (await lstat(join(copy, path))).mode & 0o777,
  );
  expect(await Promise.all(modes)).toEqual([0o755, 0o755, 0o755, 0o644]);
  expect(await readlink(join(copy, 'lib', 'a.so'))).toBe('a.so.1.2');
});

test('those who stage at the same time end up with one whole copy', async () => {
  const copies = await Promise.all(Array.from({ length: 5 }, () => stage()));
  expect(new Set(copies)).toEqual(new Set([join(shared, 'native')]));
  expect(await readdir(under)).toHaveLength(1);
  expect(await readFile(join(copies[0]!, 'lib', 'a.so'), 'utf8')).toBe('library');
});

test('what the cleaning of old files took is brought back, and the rest is not touched', async () => {
  const copy = await stage();
  await rm(join(copy, 'lib'), { recursive: true });
  const before = await lstat(join(copy, 'bin', 'postgres'));
  await stage();
  expect(await readFile(join(copy, 'lib', 'a.so'), 'utf8')).toBe('library');
  expect((await lstat(join(copy, 'bin', 'postgres'))).ino).toBe(before.ino);
});

test('a folder in which others can write is not trusted', async () => {
  await mkdir(join(shared, 'native', 'bin'), { recursive: true });
  await writeFile(join(shared, 'native', 'bin', 'postgres'), 'x!');
  await chmod(shared, 0o777);
  await expectOwnCopy();
});

test.runIf(isRoot)('a folder that someone else owns is not trusted', async () => {
  await mkdir(join(shared, 'native'), { recursive: true });
  await chown(shared, 65_534, 65_534);
  await expectOwnCopy();
});

test('a link to a folder is not trusted', async () => {
  await mkdir(join(under, 'trap'));
  await symlink(join(under, 'trap'), shared);
  await expectOwnCopy();
  expect(await readdir(join(under, 'trap'))).toEqual([]);
});

async function expectOwnCopy(): Promise<void> {
  const warn = vi.fn();
  const copy = await stage({ ...silent, warn });
  expect(copy).not.toContain(join(shared, '/'));
  expect(await readFile(join(copy, 'bin', 'postgres'), 'utf8')).toBe('#!');
  expect(warn).toHaveBeenCalledOnce();
}
