import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { openDatabase } from '../server/src/database/database.ts';
import { silent } from '../server/src/log.ts';
import { migrationsDir } from './migrations.ts';

/** A new database on this server. */
export async function copyDatabase(server: string, { template = 'template1' } = {}): Promise<string> {
  const url = new URL(server);
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await run(url.href, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  url.pathname = name;
  return url.href;
}

/** Makes what each test file gets a copy of: the database `migrated`. */
export async function makeTemplate(server: string): Promise<void> {
  await run(server, 'CREATE DATABASE migrated');
  const url = new URL(server);
  url.pathname = 'migrated';
  await (await openDatabase({ url: url.href, migrationsDir, log: silent })).close();
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
