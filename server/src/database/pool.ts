import pg from 'pg';
import type { Log } from '../log.ts';

// Whoever waits longer for the database has left. The server gives up before we do, so that the connection stays whole.
const limits = {
  max: 10,
  connectionTimeoutMillis: 1_500,
  query_timeout: 2_000,
  statement_timeout: 1_500,
  lock_timeout: 1_000,
  idle_in_transaction_session_timeout: 5_000,
  maxLifetimeSeconds: 1_800,
  keepAlive: true,
  application_name: 'quantumflux',
};

/** Connections to one server: at most 10 of them, and nothing waits for long. */
export function openPool(url: string, { log, ...more }: { log: Log; connectionTimeoutMillis?: number }): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...limits, ...more });
  // One that ends while it is in use, also between two queries, fails the next query, which is where it is heard.
  pool.on('connect', (client) => client.on('error', () => {}));
  reportOutages(pool, log);
  return pool;
}

/** A connection that ends while idle is told of here, and only once until the next one is made. */
function reportOutages(pool: pg.Pool, log: Log): void {
  let isReported = false;
  pool.on('connect', () => (isReported = false));
  pool.on('error', ({ message }) => {
    // The message alone: the error carries the whole connection.
    if (!isReported) log.warn('connections to the database were lost; new ones are made when they are needed', message);
    isReported = true;
  });
}
