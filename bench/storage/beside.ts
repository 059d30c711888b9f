import { createMemoryBus } from '../../server/src/bus/bus.memory.ts';
import { createIdempotencyStore } from '../../server/src/ingest/idempotency.store.ts';
import { createIngestService } from '../../server/src/ingest/ingest.service.ts';
import { silent } from '../../server/src/log.ts';
import { startCompaction } from '../../server/src/streams/compaction.loop.ts';
import { partitionOf } from '../../server/src/streams/stream.ts';
import type { Bench } from './bench-database.ts';
import { quantile, round } from './statistics.ts';

const WRITERS = 8;
const MS = 5_000;
const STREAMS_A_WRITE = 100;
const POINTS_A_STREAM = 10;

/**
 * What writers wait for their commits while the compactor works in the same process, as it does in a server, and while it
 * does not, in turns. What it works on is what they wrote.
 */
export async function measureBeside(bench: Bench, streams: number[]) {
  const ingest = createIngestService({
    ensureStreams: (_, wanted) => Promise.resolve(wanted.map(({ key }) => ({ id: Number(key), key }))),
    partitionOf,
    appendToJournal: bench.journal.append,
    idempotency: createIdempotencyStore(bench.pool),
    bus: createMemoryBus(silent),
    log: silent,
  });
  let at = Date.now() - 86_400_000;

  function nextBatch(writer: number) {
    at += POINTS_A_STREAM;
    const times = Float64Array.from({ length: POINTS_A_STREAM }, (_, i) => at + i);
    const values = times.map((time) => Math.round(100 * Math.sin(time)) / 100);
    return {
      points: STREAMS_A_WRITE * POINTS_A_STREAM,
      streams: Array.from({ length: STREAMS_A_WRITE }, (_, i) => ({
        ...{ stream: 's', tags: {}, unit: null, kind: 'gauge' as const, public: false },
        key: String(streams[writer * STREAMS_A_WRITE + i]),
        columns: { times, values },
      })),
    };
  }

  async function write(): Promise<number[]> {
    const waits: number[] = [];
    const end = performance.now() + MS;
    const writer = async (number: number) => {
      while (performance.now() < end) {
        const start = performance.now();
        await ingest.append('any', nextBatch(number));
        waits.push(performance.now() - start);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, i) => writer(i)));
    return waits;
  }

  const alone: number[] = [];
  const beside: number[] = [];
  let points = 0;
  await write();
  for (let turn = 0; turn < 3; turn++) {
    alone.push(...(await write()));
    const compactor = bench.compactorTold((step) => (points += step.points));
    const stop = startCompaction({ compactor, months: bench.months, store: bench.store, log: silent });
    beside.push(...(await write()));
    await stop();
  }
  const row = (what: string, waits: number[]) => ({
    what,
    'writes/s': Math.round((1_000 * waits.length) / (3 * MS)),
    'p50 ms': round(quantile(waits, 0.5), 2),
    'p99 ms': round(quantile(waits, 0.99), 2),
    'p99, to that alone': round(quantile(waits, 0.99) / quantile(alone, 0.99), 2),
    'compacted meanwhile, M points': round(what === 'alone' ? 0 : points / 1e6, 2),
  });
  return [row('alone', alone), row('beside the compactor', beside)];
}
