import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Log } from '../log.ts';
import { PrismaClient } from './generated/client.ts';
import { applyMigrations } from './migrations.ts';
import { openPool } from './pool.ts';
import { openReplicas, type ReadingClient, type Replica } from './replicas.ts';

/** The oldest PostgreSQL that has all we use. */
const OLDEST_VERSION = 15;

/** What a COMMIT survives: `local`, the end of power; `none`, nothing that is certain. */
export type Durability = 'local' | 'none';

export type Database = {
  /** Every relational query. */
  prisma: PrismaClient;
  /** Relational reads that may be a moment behind: of replicas where there are any, through Prisma's extension. */
  reads: ReadingClient;
  /** Parameterised SQL for the hot path. The same connections as Prisma's. */
  pool: pg.Pool;
  /**
   * For what may take its time: questions about points, and the work behind them. However many of these connections are
   * busy, a write finds one in `pool`.
   */
  longPool: pg.Pool;
  replicas: readonly Replica[];
  durability: Durability;
  /** Whether it answers at the moment; within about 2 s. */
  isUp(): Promise<boolean>;
  close(): Promise<void>;
};

export type DatabaseOptions = {
  url: string;
  /** Replicas that reads may go to. Default none. */
  replicaUrls?: readonly string[];
  /** Folder of the migrations, which are applied first. */
  migrationsDir: string;
  log: Log;
};

/** Connects, checks what kind of database this is, and brings it up to date. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, replicaUrls = [], migrationsDir, log } = options;
  const durability = await prepare(url, { migrationsDir, log });
  const pool = openPool(url, { log });
  const longPool = openPool(url, { log });
  const { replicas, readsOf, close: closeReplicas } = openReplicas(replicaUrls, log);
  // Minimal, for the long form of an error quotes the values of the query.
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' });
  return {
    prisma,
    reads: readsOf(prisma),
    pool,
    longPool,
    replicas,
    durability,
    isUp: () =>
      pool.query('SELECT 1').then(
        () => true,
        () => false,
      ),
    async close() {
      await prisma.$disconnect();
      await Promise.all([pool.end(), longPool.end(), closeReplicas()]);
    },
  };
}

/** On a connection of its own, for a migration may take longer than any query may. */
async function prepare(
  url: string,
  { migrationsDir, log }: Pick<DatabaseOptions, 'migrationsDir' | 'log'>,
): Promise<Durability> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000, keepAlive: true });
  // The end of the connection also fails the statement, which is where it is heard.
  client.on('error', () => {});
  try {
    await client.connect().catch((cause: unknown) => {
      throw new Error(unreachable(url, cause as NodeJS.ErrnoException), { cause });
    });
    const durability = await inspect(client, log);
    const applied = await applyMigrations(client, { dir: migrationsDir, log });
    if (applied.length > 0) log.info(`migrated the database: ${applied.join(', ')}`);
    return durability;
  } finally {
    await client.end().catch(() => {});
  }
}

async function inspect(client: pg.Client, log: Log): Promise<Durability> {
  const { rows } = await client.query<{ version: string; risky: string[] }>(`
    SELECT current_setting('server_version') AS version, array(
      SELECT name FROM pg_settings
      WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name
    ) AS risky`);
  const { version, risky } = rows[0]!;
  if (Number.parseInt(version, 10) < OLDEST_VERSION) {
    throw new Error(`The database is PostgreSQL ${version}; QuantumFlux needs ${OLDEST_VERSION} or newer.`);
  }
  if (risky.length === 0) return 'local';
  log.error(`the database may lose what it has confirmed, so this server is not ready: ${risky.join(', ')} must be on`);
  return 'none';
}

/** One sentence without the password. */
function unreachable(url: string, { code, message }: NodeJS.ErrnoException): string {
  const { hostname, port, pathname, username } = new URL(url);
  const name = decodeURIComponent(pathname.slice(1));
  const where = `The database at ${hostname}:${port || 5_432}`;
  // https://www.postgresql.org/docs/current/errcodes-appendix.html
  if (code === '28P01' || code === '28000')
    return `${where} does not let the user "${username}" in. Check DATABASE_URL.`;
  if (code === '3D000') return `${where} has no database "${name}". Create it, or check DATABASE_URL.`;
  return `${where} cannot be reached (${code ?? message}). Start it, or check DATABASE_URL.`;
}
