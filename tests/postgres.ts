import { inject } from 'vitest';
import { openDatabase, type Database } from '../server/src/database/database.ts';
import { silent, type Log } from '../server/src/log.ts';
import { copyDatabase } from './databases.ts';
import { migrationsDir } from './migrations.ts';

/** A database of its own for one test file, on the PostgreSQL that all tests of a run share. It ends with the run. */
export async function createDatabase(options: { template?: string } = {}): Promise<string> {
  const response = await fetch(inject('postgres'));
  if (!response.ok) throw new Error(await response.text());
  return copyDatabase(await response.text(), options);
}

/** The same, migrated and open. */
export async function startDatabase({ log = silent }: { log?: Log } = {}): Promise<TestDatabase> {
  const url = await createDatabase({ template: 'migrated' });
  const database = await openDatabase({ url, migrationsDir, log });
  return { database, url, stop: () => database.close() };
}

export type TestDatabase = { database: Database; url: string; stop(): Promise<void> };
