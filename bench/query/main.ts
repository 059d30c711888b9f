import type { StreamKind } from '@quantumflux/sdk/protocol';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryBus } from '../../server/src/bus/bus.memory.ts';
import type { Cache } from '../../server/src/cache/cache.ts';
import { createMemoryCache } from '../../server/src/cache/cache.memory.ts';
import { createRedisCache } from '../../server/src/cache/cache.redis.ts';
import { startEmbeddedPostgres } from '../../server/src/database/embedded.postgres.ts';
import { silent } from '../../server/src/log.ts';
import { DAY } from '../../server/src/streams/downsample.ts';
import { questionOf, type Asked } from '../../server/src/streams/query/question.ts';
import { createQueries, type Query } from '../../server/src/streams/query/query.service.ts';
import type { Stream } from '../../server/src/streams/stream.ts';
import { hasRedis, startRedis } from '../../tests/redis.ts';
import { openBench, type Bench } from '../storage/bench-database.ts';
import type { Kind } from '../storage/series.ts';

const DAYS = 30;
const VIEWERS = 20;
const FROM = Math.floor(Date.now() / DAY) * DAY - (DAYS + 1) * DAY;
const migrationsDir = join(import.meta.dirname, '../../prisma/migrations');

const dir = await mkdtemp(join(tmpdir(), 'quantumflux-bench-'));
// Open to the account that PostgreSQL runs as when the bench runs as root.
await chmod(dir, 0o755);
const server = await startEmbeddedPostgres({ dir, log: silent });
const redis = hasRedis() ? await startRedis() : undefined;
try {
  const bench = await openBench(server.url, 'queries', migrationsDir);
  const gauge = await streamOf(bench, 'two-decimal gauge', 'gauge');
  const counter = await streamOf(bench, 'integer counter', 'counter');
  const rows = [];
  for (const [what, streams, days, asked] of [
    ['picture, 15 minutes', [gauge], 15 / 1_440, {}],
    ['picture, 1 day', [gauge], 1, {}],
    ['picture, 30 days', [gauge], DAYS, {}],
    ['avg,max of 30 days', [gauge], DAYS, { fn: ['avg', 'max'] }],
    ['rate of 30 days', [counter], DAYS, { fn: ['rate'] }],
    ['p95 of 30 days', [gauge], DAYS, { fn: ['p95'] }],
  ] as [string, Stream[], number, Partial<Asked>][]) {
    const to = FROM + DAYS * DAY;
    const question = questionOf({ from: to - days * DAY, to, width: 1_000, ...asked }, to);
    const viewer = { organization: 'bench', publicOnly: false };
    rows.push({ question: what, ...(await measure(bench, { viewer, streams, question, format: 'json' })) });
  }
  process.send!({ 'queries of a 1 Hz stream of 30 days (2.6 M points) on 1,000 pixels, JSON, ms': rows });
  await bench.close();
} finally {
  await redis?.stop();
  await server.stop();
  await rm(dir, { recursive: true });
}
process.disconnect();

async function streamOf(bench: Bench, name: Kind, kind: StreamKind): Promise<Stream> {
  const id = await bench.newStream(name);
  await bench.write(id, { kind: name, from: FROM, points: DAYS * 86_400 }, { size: 10_000, everyEntries: 50 });
  return { id, organization: 'bench', key: name, stream: 'bench', tags: {}, unit: null, kind, public: false };
}

/** A read; a hit in each cache; and as many as come at once, all of them together. */
async function measure(bench: Bench, query: Query) {
  const uncached = await open(bench, createMemoryCache(), Infinity);
  const kept = await open(bench, createMemoryCache(), 0);
  const row: Record<string, number> = {
    read: await median(() => uncached.answer(query, new AbortController().signal)),
    'hit, memory': await median(() => kept.answer(query, new AbortController().signal)),
    [`${VIEWERS} at once, read`]: await median(
      () => Promise.all(Array.from({ length: VIEWERS }, () => uncached.answer(query, new AbortController().signal))),
      5,
    ),
  };
  await Promise.all([uncached.stop(), kept.stop()]);
  if (!redis) return row;
  const cache = createRedisCache(redis.url);
  const shared = await open(bench, cache, 0);
  row['hit, Redis'] = await median(() => shared.answer(query, new AbortController().signal));
  await shared.stop();
  await cache.close();
  return row;
}

function open({ history, heads }: Bench, cache: Cache, worthMs: number) {
  return createQueries({ history, heads, cache, bus: createMemoryBus(silent) }, { worthMs });
}

async function median(work: () => Promise<unknown>, runs = 15): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < runs + 2; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  // The first two warm up.
  const sorted = times.slice(2).sort((a, b) => a - b);
  return Number(sorted[Math.floor(sorted.length / 2)]!.toFixed(2));
}
