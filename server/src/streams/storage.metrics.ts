import { Counter, Gauge, type Registry } from 'prom-client';

/** What the storage tells of itself. */
export function createStorageMetrics(registry: Registry, { lag }: { lag: () => Promise<number> }) {
  const registers = [registry];
  new Gauge({
    name: 'quantumflux_compaction_lag_seconds',
    help: 'How long the oldest journal entry that is not in chunks yet has waited.',
    registers,
    async collect() {
      // While the database is away, the other metrics are wanted all the more.
      const lagMs = await lag().catch(() => undefined);
      if (lagMs !== undefined) this.set(lagMs / 1_000);
    },
  });
  return {
    pointsCompacted: new Counter({
      name: 'quantumflux_points_compacted_total',
      help: 'Points that this server moved from the journal to chunks.',
      registers,
    }),
    corruptions: new Counter({
      name: 'quantumflux_corrupt_chunks_total',
      help: 'Chunks and journal entries that could not be read.',
      registers,
    }),
    answers: new Counter({
      name: 'quantumflux_query_answers_total',
      help: 'Answers to queries: read, shared with somebody who asked at the same time, or from the cache.',
      labelNames: ['source'],
      registers,
    }),
  };
}
