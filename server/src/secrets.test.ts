import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadSecrets } from './secrets.ts';

let DATA_DIR: string;
beforeEach(async () => void (DATA_DIR = await mkdtemp(join(tmpdir(), 'quantumflux-secrets-'))));
afterEach(() => rm(DATA_DIR, { recursive: true }));

test('secrets are made once and then kept', async () => {
  const first = await loadSecrets({ DATA_DIR });
  expect(first.tokenSecret).toMatch(/^[\w-]{64}$/);
  expect(first.passwordPepper).not.toBe(first.tokenSecret);
  expect(await loadSecrets({ DATA_DIR })).toEqual(first);
});

test('only their owner can read them, and nothing else is left behind', async () => {
  await loadSecrets({ DATA_DIR });
  expect((await stat(join(DATA_DIR, 'secrets.json'))).mode & 0o777).toBe(0o600);
  expect(await readdir(DATA_DIR)).toEqual(['secrets.json']);
});

test('a configured secret wins over the kept one', async () => {
  const kept = await loadSecrets({ DATA_DIR });
  const TOKEN_SECRET = 'c'.repeat(32);
  expect(await loadSecrets({ DATA_DIR, TOKEN_SECRET })).toEqual({ ...kept, tokenSecret: TOKEN_SECRET });
});

test('nothing is written when both are configured', async () => {
  await loadSecrets({ DATA_DIR, TOKEN_SECRET: 't'.repeat(32), PASSWORD_PEPPER: 'p'.repeat(32) });
  expect(await readdir(DATA_DIR)).toEqual([]);
});

test('the data folder is made when it is not there', async () => {
  await expect(loadSecrets({ DATA_DIR: join(DATA_DIR, 'a', 'b') })).resolves.toBeDefined();
});

test.each(['', '{"tokenSecret":"short"}', 'not json'])('a broken file is not replaced in silence: %j', async (text) => {
  await writeFile(join(DATA_DIR, 'secrets.json'), text);
  await expect(loadSecrets({ DATA_DIR })).rejects.toThrow(/secrets\.json are broken\. Bring the file back/);
});
