import pg from 'pg';
import { parse } from 'pg-connection-string';

// Parameters of an address that Prisma understands and PostgreSQL does not.
const PRISMA_ONLY = [
  'schema',
  'connection_limit',
  'pool_timeout',
  'pgbouncer',
  'socket_timeout',
  'statement_cache_size',
];

/**
 * The parts of an address as options of pg. Never as `connectionString`, which in pg wins over `database`: the work on the
 * shadow database would be done on the main one.
 */
export function connectionOptions(url, database) {
  const address = new URL(url);
  for (const name of PRISMA_ONLY) address.searchParams.delete(name);
  const parts = parse(address.toString());
  return {
    host: parts.host || undefined,
    port: parts.port ? Number(parts.port) : undefined,
    user: parts.user,
    password: parts.password,
    database: database ?? parts.database,
    ssl: parts.ssl,
    connectionTimeoutMillis: 5_000,
  };
}

/** One statement on a connection of its own. */
export async function runOnce(options, sql) {
  const client = new pg.Client(options);
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

export function identifier(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
