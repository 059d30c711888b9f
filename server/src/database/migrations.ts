import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { Log } from '../log.ts';

// The advisory lock that Prisma's own engine takes, so that the two never migrate together.
const LOCK = 72_707_369;

// Also for the statements of a migration: one that waits for a table makes everyone else wait behind it.
const LOCK_TIMEOUT = '60s';

const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`;

type Row = { migration_name: string; checksum: string; finished_at: Date | null };

/**
 * Brings the database up to date and says which migrations that took. The bookkeeping is Prisma's, whose tools can go on
 * from here. The connection must be a dedicated one: of several servers that start together, one migrates, the others wait.
 */
export async function applyMigrations(client: Client, { dir, log }: { dir: string; log: Log }): Promise<string[]> {
  await client.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]).catch((cause: unknown) => {
    throw new Error('Another server has been migrating the database for more than a minute.', { cause });
  });
  try {
    return await applyMissing(client, { dir, log });
  } finally {
    // When the connection is lost, so is the lock.
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]).catch(() => {});
  }
}

async function applyMissing(client: Client, { dir, log }: { dir: string; log: Log }): Promise<string[]> {
  const applied = await readApplied(client);
  const missing: string[] = [];
  for (const name of await namesIn(dir)) {
    const sql = await readFile(join(dir, name, 'migration.sql'));
    const checksum = createHash('sha256').update(sql).digest('hex');
    const known = applied.get(name);
    applied.delete(name);
    if (known === undefined) {
      await apply(client, { name, checksum, sql: sql.toString('utf8') });
      missing.push(name);
    } else if (known !== checksum) {
      log.warn(`the migration ${name} was edited after it had been applied; the database does not know of the edit`);
    }
  }
  if (applied.size > 0) log.warn(`the database knows migrations of a newer version: ${[...applied.keys()].join(', ')}`);
  return missing;
}

/** The checksums of those that are done, by name. */
async function readApplied(client: Client): Promise<Map<string, string>> {
  await client.query(TABLE);
  const { rows } = await client.query<Row>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at',
  );
  const unfinished = rows.find(({ finished_at }) => finished_at === null);
  if (!unfinished) return new Map(rows.map(({ migration_name, checksum }) => [migration_name, checksum]));
  const name = unfinished.migration_name;
  throw new Error(
    `The migration ${name} was begun by Prisma's tools and did not finish. See what it left behind, then run: npm run prisma -- migrate resolve --rolled-back ${name}`,
  );
}

/** Whole or not at all: the migration and its bookkeeping are one transaction. */
async function apply(
  client: Client,
  { name, checksum, sql }: { name: string; checksum: string; sql: string },
): Promise<void> {
  const done = `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), 1)`;
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query(done, [randomUUID(), checksum, name]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => {});
    throw new Error(`The migration ${name} failed and was taken back: ${(cause as Error).message}.`, { cause });
  }
}

async function namesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
