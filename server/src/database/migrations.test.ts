import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { migrationsDir } from '../../../tests/migrations.ts';
import { createDatabase } from '../../../tests/postgres.ts';
import { silent } from '../log.ts';
import { applyMigrations } from './migrations.ts';

let url: string;
let dir: string;
let client: pg.Client;
const warn = vi.fn();
const log = { ...silent, warn };

beforeEach(async () => {
  warn.mockClear();
  dir = await mkdtemp(join(tmpdir(), 'quantumflux-migrations-'));
  url = await createDatabase();
  client = await connect();
  return () => client.end();
});
afterEach(() => rm(dir, { recursive: true }));

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(dir, name));
  await writeFile(join(dir, name, 'migration.sql'), sql);
}

async function tables(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  return rows.map(({ name }) => name).filter((name) => name !== '_prisma_migrations');
}

test('the migrations of the project make a database from nothing', async () => {
  const applied = await applyMigrations(client, { dir: migrationsDir, log });
  expect(applied[0]).toBe('20261122000000_first');
  expect(await tables()).toEqual(expect.arrayContaining(['journal', 'partition_head', 'stream']));
  expect(
    (await client.query('SELECT count(*)::int AS count, sum(partition)::int AS sum FROM partition_head')).rows,
  ).toEqual([{ count: 8, sum: 28 }]);
});

test('they are applied in order, each once', async () => {
  await addMigration('2_fill', 'INSERT INTO a VALUES (1)');
  await addMigration('1_make', 'CREATE TABLE a (n int)');
  expect(await applyMigrations(client, { dir, log })).toEqual(['1_make', '2_fill']);
  expect(await applyMigrations(client, { dir, log })).toEqual([]);
  await addMigration('3_more', 'INSERT INTO a VALUES (2)');
  expect(await applyMigrations(client, { dir, log })).toEqual(['3_more']);
  expect((await client.query('SELECT * FROM a ORDER BY n')).rows).toEqual([{ n: 1 }, { n: 2 }]);
  expect(warn).not.toHaveBeenCalled();
});

test('the books are the ones that Prisma keeps', async () => {
  await addMigration('1_make', 'CREATE TABLE a (n int)');
  await applyMigrations(client, { dir, log });
  const { rows } = await client.query('SELECT * FROM _prisma_migrations');
  expect(rows).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      migration_name: '1_make',
      checksum: '735852939c534ffa1e33bdc1fea8221666a4f7608bee6589f84057f6313ee855',
      started_at: expect.any(Date) as Date,
      finished_at: expect.any(Date) as Date,
      rolled_back_at: null,
      logs: null,
      applied_steps_count: 1,
    },
  ]);
});

test('functions with semicolons in them are one statement', async () => {
  await addMigration(
    '1_function',
    `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 2; END $$; SELECT ';'`,
  );
  await applyMigrations(client, { dir, log });
  expect((await client.query('SELECT f()')).rows).toEqual([{ f: 2 }]);
});

test('one that fails leaves no trace, and those before it stay', async () => {
  await addMigration('1_good', 'CREATE TABLE a (n int)');
  await addMigration('2_bad', 'CREATE TABLE b (n int); SELECT 1 / 0; CREATE TABLE c (n int)');
  await expect(applyMigrations(client, { dir, log })).rejects.toThrow(
    'The migration 2_bad failed and was taken back: division by zero.',
  );
  expect(await tables()).toEqual(['a']);
  await writeFile(join(dir, '2_bad', 'migration.sql'), 'CREATE TABLE b (n int)');
  expect(await applyMigrations(client, { dir, log })).toEqual(['2_bad']);
});

test('one that cannot be entered in the books leaves no trace either', async () => {
  const refuse = `ALTER TABLE _prisma_migrations ADD CONSTRAINT refused CHECK (migration_name <> '1_bad')`;
  await addMigration('1_bad', `CREATE TABLE a (n int); ${refuse}`);
  await expect(applyMigrations(client, { dir, log })).rejects.toThrow('The migration 1_bad failed and was taken back');
  expect(await tables()).toEqual([]);
});

test('one that was edited afterwards is told of, and not applied again', async () => {
  await addMigration('1_make', 'CREATE TABLE a (n int);');
  await applyMigrations(client, { dir, log });
  await appendFile(join(dir, '1_make', 'migration.sql'), 'CREATE TABLE b (n int);');
  expect(await applyMigrations(client, { dir, log })).toEqual([]);
  expect(warn.mock.calls).toEqual([
    ['the migration 1_make was edited after it had been applied; the database does not know of the edit'],
  ]);
  expect(await tables()).toEqual(['a']);
});

test('a database that a newer version has migrated is told of', async () => {
  await addMigration('1_make', 'CREATE TABLE a (n int)');
  await addMigration('2_newer', 'CREATE TABLE b (n int)');
  await applyMigrations(client, { dir, log });
  await rm(join(dir, '2_newer'), { recursive: true });
  expect(await applyMigrations(client, { dir, log })).toEqual([]);
  expect(warn.mock.calls).toEqual([['the database knows migrations of a newer version: 2_newer']]);
});

test('one that the tools of Prisma left unfinished stops the start', async () => {
  await applyMigrations(client, { dir, log });
  await client.query(`INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('1', '', '1_half')`);
  await expect(applyMigrations(client, { dir, log })).rejects.toThrow(
    'npm run prisma -- migrate resolve --rolled-back 1_half',
  );
  await client.query('UPDATE _prisma_migrations SET rolled_back_at = now()');
  expect(await applyMigrations(client, { dir, log })).toEqual([]);
});

test('of servers that start together, one migrates and the others wait for it', async () => {
  await cp(migrationsDir, dir, { recursive: true });
  const clients = await Promise.all(Array.from({ length: 4 }, connect));
  const applied = await Promise.all(clients.map((each) => applyMigrations(each, { dir, log })));
  expect(applied.flat()).toEqual([...new Set(applied.flat())]);
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
  await Promise.all(clients.map((each) => each.end()));
});
