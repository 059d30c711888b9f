import type { Tags } from '@quantumflux/sdk/protocol';
import { streamKey, type StreamKind } from '@quantumflux/sdk/protocol';
import pg from 'pg';
import { startDatabase } from '../../../../tests/postgres.ts';
import { serveApp } from '../../app.testing.ts';
import type { Bus } from '../../bus/bus.ts';
import { createMemoryBus } from '../../bus/bus.memory.ts';
import type { Cache } from '../../cache/cache.ts';
import { createMemoryCache } from '../../cache/cache.memory.ts';
import type { Caller } from '../../http/caller.ts';
import { createIdempotencyStore } from '../../ingest/idempotency.store.ts';
import { createIngestService } from '../../ingest/ingest.service.ts';
import { silent } from '../../log.ts';
import { createCatalog } from '../catalog.ts';
import { createCompactionStore } from '../compaction.store.ts';
import { createCompactor } from '../compactor.ts';
import { createHistory } from '../history.ts';
import { createJournalStore } from '../journal.store.ts';
import { createReader } from '../reader.ts';
import { createSnapshots } from '../snapshot.store.ts';
import { columnsOf, type Points } from '../storage.testing.ts';
import { partitionOf } from '../stream.ts';
import { createStreamStore } from '../streams.store.ts';
import { queryRoutes } from './query.routes.ts';
import { createQueries, type AnswerSource } from './query.service.ts';

export type TestWrite = { stream: string; tags?: Tags; kind?: StreamKind; unit?: string; points: Points };

type ServerOptions = { bus?: Bus; cache?: Cache; worthMs?: number; graceMs?: number; callers?: Record<string, Caller> };

/** A database, and servers on it that take points and answer queries over HTTP; for tests. */
export async function startQueryTest() {
  const { database, url, stop } = await startDatabase();
  const { id: organization } = await database.prisma.organization.create({ data: { name: 'Plant' } });
  const caller: Caller = {
    organization,
    subject: 'key:1',
    permissions: new Set(['streams.read']),
    publicOnly: false,
    expiresAt: null,
  };

  return {
    database,
    organization,
    caller,
    stop,

    async startServer({
      bus = createMemoryBus(silent),
      cache = createMemoryCache(),
      worthMs = 0,
      graceMs = 50,
      callers = {},
    }: ServerOptions = {}) {
      // Without timeouts: what is not cancelled waits for ever.
      const pool = new pg.Pool({ connectionString: url, max: 4 });
      const corrupt = { count: 0 };
      const read = createReader({ log: silent, onCorrupt: () => void corrupt.count++ });
      const journal = createJournalStore(pool);
      const catalog = createCatalog({ store: createStreamStore(database.prisma), bus });
      const stopCatalog = await catalog.start();
      const history = createHistory({ snapshot: createSnapshots(pool), read });
      const sources: AnswerSource[] = [];
      const queries = createQueries(
        { history, heads: journal.heads, cache, bus, onAnswer: (source) => sources.push(source) },
        { worthMs, graceMs },
      );
      const ingest = createIngestService({
        ensureStreams: (organization, wanted) =>
          catalog.ensure(
            organization,
            wanted.map((stream) => ({ ...stream, organization })),
          ),
        partitionOf,
        appendToJournal: journal.append,
        idempotency: createIdempotencyStore(pool),
        bus,
        log: silent,
      });
      const app = await serveApp([queryRoutes({ catalog, queries })], {
        authenticate: ({ bearer }) => Promise.resolve(callers[bearer ?? ''] ?? caller),
      });
      return {
        app,
        pool,
        queries,
        history,
        /** What was read and is not what was written. */
        corrupt,
        /** From where the answers came so far. */
        sources,
        compactor: createCompactor({ store: createCompactionStore(pool), read }, { ageMs: 0 }),

        async write(...writes: TestWrite[]): Promise<void> {
          const streams = writes.map(({ stream, tags = {}, kind = 'gauge', unit = null, points }) => ({
            ...{ stream, tags, kind, unit, key: streamKey({ stream, tags }), public: false },
            columns: columnsOf(points),
          }));
          await ingest.append(organization, { streams, points: streams.length });
        },

        /** The answer to a query, as it came. */
        ask: (query: Record<string, string | number>, headers: Record<string, string> = {}) =>
          fetch(`${app.url}/api/v1/query?${new URLSearchParams(query as Record<string, string>)}`, { headers }),

        async close(): Promise<void> {
          await app.close();
          await queries.stop();
          await stopCatalog();
          await pool.end();
        },
      };
    },
  };
}

export type QueryTest = Awaited<ReturnType<typeof startQueryTest>>;
export type QueryServer = Awaited<ReturnType<QueryTest['startServer']>>;
