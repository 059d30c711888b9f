import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { inject } from 'vitest';
import { openDatabase, type Database } from '../server/src/database/database.ts';
import { silent, type Log } from '../server/src/log.ts';

/** The migrations of the project. */
export const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

/** Makes an empty database on the server that all tests of a run share. `template`: one that is migrated already. */
export async function createDatabase({ template = 'template1' } = {}): Promise<{ url: string; drop(): Promise<void> }> {
  const response = await fetch(inject('postgres'));
  if (!response.ok) throw new Error(await response.text());
  const server = await response.text();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await run(server, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(server);
  url.pathname = name;
  // Connections that a test has left open are closed.
  return { url: url.href, drop: () => run(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

/** A migrated database for one test file, on a real PostgreSQL. `stop` closes and removes it. */
export async function startDatabase({ log = silent }: { log?: Log } = {}): Promise<{ database: Database; url: string; stop(): Promise<void> }> {
  const { url, drop } = await createDatabase({ template: 'migrated' });
  const database = await openDatabase({ url, migrationsDir, log });
  return {
    database,
    url,
    async stop() {
      await database.close();
      await drop();
    },
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
