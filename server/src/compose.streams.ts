import type { Bus } from './bus/bus.ts';
import type { Cache } from './cache/cache.ts';
import type { Config } from './config.ts';
import type { Database } from './database/database.ts';
import type { Metrics } from './health/metrics.ts';
import type { Log } from './log.ts';
import { createCatalog } from './streams/catalog.ts';
import { startCompaction } from './streams/compaction.loop.ts';
import { createCompactionStore } from './streams/compaction.store.ts';
import { createCompactor } from './streams/compactor.ts';
import { eager } from './streams/eager.ts';
import { createFloor, raising } from './streams/floor.ts';
import { createHistory } from './streams/history.ts';
import { createJournalStore } from './streams/journal.store.ts';
import { createMonthMaker } from './streams/month-maker.ts';
import { createQueries } from './streams/query/query.service.ts';
import { createReader } from './streams/reader.ts';
import { createRecentEntries } from './streams/recent-entries.ts';
import { createReplicaSnapshots } from './streams/replica-snapshots.ts';
import { createReplicaMetrics } from './streams/replica.metrics.ts';
import { keepTo } from './streams/retention.ts';
import { sabotagedReader, sabotagedStore } from './streams/sabotage.ts';
import { createSnapshots } from './streams/snapshot.store.ts';
import { createStorageMetrics } from './streams/storage.metrics.ts';
import { createStreamStore } from './streams/streams.store.ts';

type StreamsPorts = {
  config: Config;
  log: Log;
  database: Database;
  bus: Bus;
  cache: Cache;
  metrics: Metrics;
  onStop: (stop: () => unknown) => void;
};

/** Streams and their storage: the catalog, the journal, history, questions, compaction. */
export async function composeStreams({ config, log, database, bus, cache, metrics, onStop }: StreamsPorts) {
  const catalog = createCatalog({
    store: createStreamStore(database.prisma, { reads: database.reads, retentionMs: config.RETENTION }),
    bus,
  });
  onStop(await catalog.start());
  const floor = createFloor({ onNewEpoch: catalog.forget });
  onStop(await bus.subscribe('heads', floor.hear));
  const journal = raising(floor, createJournalStore(database.pool));
  const followed = raising(floor, createJournalStore(database.longPool));
  const compactions = createCompactionStore(database.longPool);
  const storage = createStorageMetrics(metrics.registry, { lag: compactions.lag });
  const read = sabotagedReader(createReader({ log, onCorrupt: () => storage.corruptions.inc() }), config.SABOTAGE);
  const recent = createRecentEntries();
  const replicas = database.replicas.map((replica) => ({
    ...replica,
    snapshot: createSnapshots(replica.pool, recent),
  }));
  const replicaMetrics = createReplicaMetrics(metrics.registry, {
    replicas: database.replicas.map(({ name, isUp, attempt, pool }) => {
      const { heads } = createJournalStore(pool);
      return { name, isUp, heads: async () => (await attempt(heads))?.answer };
    }),
    floor,
  });
  const snapshot = createReplicaSnapshots({
    primary: createSnapshots(database.longPool, recent),
    replicas,
    floor,
    onRead: (from) => replicaMetrics.reads.inc({ from }),
  });
  const history = keepTo(createHistory({ snapshot, read }), (id) => catalog.get(id)?.retentionMs ?? null);
  const queries = createQueries({
    history,
    heads: journal.heads,
    cache,
    bus,
    onAnswer: (source) => storage.answers.inc({ source }),
  });
  onStop(queries.stop);
  const pace = config.COMPACTION === 'eager' ? eager : undefined;
  const compactor = createCompactor(
    {
      store: sabotagedStore(compactions, config.SABOTAGE),
      read,
      onStep: ({ points }) => storage.pointsCompacted.inc(points),
    },
    pace?.compactor,
  );
  const months = createMonthMaker({ store: compactions, read });
  onStop(startCompaction({ compactor, months, store: compactions, log }, pace?.loop));
  return { catalog, journal, followed, recent, history, queries };
}
