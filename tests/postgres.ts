import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { openDatabase, type Database } from '../server/src/database/database.ts';
import { silent, type Log } from '../server/src/log.ts';
import { migrationsDir } from './migrations.ts';

/** A database of its own for one test file, on the PostgreSQL that all tests of a run share. It ends with the run. */
export async function createDatabase({ template = 'template1' } = {}): Promise<string> {
  const response = await fetch(inject('postgres'));
  if (!response.ok) throw new Error(await response.text());
  const url = new URL(await response.text());
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await run(url.href, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  url.pathname = name;
  return url.href;
}

/** The same, migrated and open. */
export async function startDatabase({ log = silent }: { log?: Log } = {}): Promise<TestDatabase> {
  const url = await createDatabase({ template: 'migrated' });
  const database = await openDatabase({ url, migrationsDir, log });
  return { database, url, stop: () => database.close() };
}

export type TestDatabase = { database: Database; url: string; stop(): Promise<void> };

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
