import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silent } from '../../log.ts';
import { findAccount } from './account.ts';
import { clusterIn, findHome, initCluster, majorOf, noteHome } from './cluster.ts';

const account = await findAccount();
let dataDir: string;
let elsewhere: string;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quantumflux-home-'));
  await chmod(folder, 0o755);
  [dataDir, elsewhere] = [join(folder, 'data'), join(folder, 'elsewhere')];
  await mkdir(dataDir);
});
afterEach(() => rm(join(dataDir, '..'), { recursive: true }));

const find = () => findHome(dataDir, account, elsewhere);

test('the database is at home in the data folder', async () => {
  expect(await find()).toEqual({ folder: join(dataDir, 'database'), isElsewhere: false });
});

test.runIf(account)(
  'it is elsewhere when PostgreSQL cannot enter the data folder, always in the same place',
  async () => {
    await chmod(dataDir, 0o700);
    const home = await find();
    expect(home).toEqual({ folder: expect.stringMatching(/\/elsewhere\/[0-9a-f]{12}$/) as string, isElsewhere: true });
    expect(await find()).toEqual(home);
  },
);

test('once made elsewhere, it is looked for there, also when the data folder has moved or been opened', async () => {
  const folder = join(elsewhere, 'somewhere');
  await mkdir(clusterIn(folder), { recursive: true });
  await noteHome(dataDir, { folder, isElsewhere: true });
  expect(await find()).toEqual({ folder, isElsewhere: true });
});

test('a database that is not where it was noted is not replaced by an empty one', async () => {
  await noteHome(dataDir, { folder: join(elsewhere, 'gone'), isElsewhere: true });
  await expect(find()).rejects.toThrow(/should be in .*gone, but is not\. Bring it back, or delete .*database-is-in/);
});

test('a password that is missing is said, not made anew', async () => {
  await mkdir(clusterIn(dataDir));
  await writeFile(join(clusterIn(dataDir), 'PG_VERSION'), '18\n');
  expect(await majorOf(dataDir)).toBe(18);
  const binaries = { folder: '/nowhere', major: 18 };
  await expect(initCluster(dataDir, { binaries, account, log: silent })).rejects.toThrow(
    'password of the embedded database is missing',
  );
});

test('a first start that fails leaves nothing that looks like a database', async () => {
  const binaries = { folder: '/nowhere', major: 18 };
  await expect(initCluster(dataDir, { binaries, account, log: silent })).rejects.toThrow('ENOENT');
  expect(await majorOf(dataDir)).toBeUndefined();
  await expect(readFile(join(dataDir, 'password'))).rejects.toThrow('ENOENT');
});
