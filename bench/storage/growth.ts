import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteWriter, writeBlock } from '@quantumflux/sdk/protocol';
import { startEmbeddedPostgres } from '../../server/src/database/embedded.postgres.ts';
import { silent } from '../../server/src/log.ts';
import { DAY } from '../../server/src/streams/downsample.ts';
import { partitionOf } from '../../server/src/streams/stream.ts';
import { openBench, type Bench } from './bench-database.ts';
import { measureBeside } from './beside.ts';
import { median, round } from './statistics.ts';

const STREAMS = 10_000;
/** Points of each stream in one entry of the journal, and rounds of them until the table of results has its next row. */
const ROUND_POINTS = 100;
const STAGES = [1, 10, 100];
/** Far enough back that a stream's points, one per second, end before now. */
const FROM = Math.floor(Date.now() / DAY) * DAY - 2 * DAY;
const migrationsDir = join(import.meta.dirname, '../../prisma/migrations');

const dir = await mkdtemp(join(tmpdir(), 'quantumflux-bench-'));
// Open to the account that PostgreSQL runs as when the bench runs as root.
await chmod(dir, 0o755);
const server = await startEmbeddedPostgres({ dir, log: silent });
try {
  const bench = await openBench(server.url, 'growth', migrationsDir);
  process.send!(await measureGrowth(bench));
  await bench.close();
} finally {
  await server.stop();
  await rm(dir, { recursive: true });
}
process.disconnect();

async function measureGrowth(bench: Bench) {
  const streams = await bench.newStreams(STREAMS);
  const growth = [];
  const rows = [];
  let rounds = 0;
  for (const stage of STAGES) {
    const sum = { points: 0, seconds: 0 };
    for (; rounds < stage; rounds++) {
      await writeRound(bench, streams, rounds);
      const { points, seconds } = await bench.compact();
      sum.points += points;
      sum.seconds += seconds;
    }
    const bytes = await bench.bytes();
    const until = FROM + rounds * ROUND_POINTS * 1_000;
    growth.push({
      'points stored, M': (rounds * ROUND_POINTS * STREAMS) / 1e6,
      'compacted, M points/s': round(sum.points / sum.seconds / 1e6, 2),
      'bytes per point': round(bytes / (rounds * ROUND_POINTS * STREAMS), 2),
      'append of 1,000 points, p50 ms': await measureAppend(bench, streams),
      'last 1,000 points of a stream, ms': await measureLast(bench, streams, until),
      'the same, 60 s of all not compacted, ms': await measureLive(bench, streams, until),
    });
    console.log(growth.at(-1));
    if (stage === 10) rows.push(...(await measureRows(bench)));
  }
  return {
    [`${STREAMS} streams`]: growth,
    'the same points, a row each, 10 M of them': rows,
    '1,000 points a write, 8 writers, beside the compactor': await measureBeside(bench, streams),
  };
}

/** The values of a stream: a drifting temperature with two decimals. */
function valuesOf(stream: number, at: number, count: number): Float64Array {
  return Float64Array.from(
    { length: count },
    (_, i) => Math.round(2_000 + 500 * Math.sin((at + i) / 700 + stream)) / 100,
  );
}

async function writeRound(bench: Bench, streams: number[], rounds: number): Promise<void> {
  const at = rounds * ROUND_POINTS;
  const times = Float64Array.from({ length: ROUND_POINTS }, (_, i) => FROM + (at + i) * 1_000);
  await append(bench, streams, (id) => ({ times, values: valuesOf(id, at, ROUND_POINTS) }));
}

/** One commit with a block of each stream. */
async function append(bench: Bench, streams: number[], columnsOf: (id: number) => Parameters<typeof writeBlock>[2]) {
  const outs = new Map<number, ByteWriter>();
  let [tMin, tMax] = [Infinity, -Infinity];
  for (const id of streams) {
    const partition = partitionOf(id);
    const out = outs.get(partition) ?? new ByteWriter();
    outs.set(partition, out);
    const columns = columnsOf(id);
    tMin = Math.min(tMin, columns.times[0]!);
    tMax = Math.max(tMax, columns.times.at(-1)!);
    writeBlock(out, id, columns);
  }
  const entries = [...outs].map(([partition, out]) => ({ partition, payload: out.toBytes(), tMin, tMax }));
  (await bench.journal.append(entries)).entries.forEach(bench.recent.add);
}

/** A write of 100 streams with 10 points each, to times that nobody asks for. */
async function measureAppend(bench: Bench, streams: number[]): Promise<number> {
  let at = FROM - 10 * DAY;
  const few = streams.slice(0, 100);
  const ms = await median(() => {
    at += 10_000;
    const times = Float64Array.from({ length: 10 }, (_, i) => at + i * 1_000);
    return append(bench, few, (id) => ({ times, values: valuesOf(id, at / 1_000, 10) }));
  }, 400);
  await bench.compact();
  return ms;
}

/** Of a stream that was not asked for before. */
async function measureLast(bench: Bench, streams: number[], until: number): Promise<number> {
  let next = 0;
  return median(() => {
    next = (next + 4_001) % streams.length;
    return bench.history.history([streams[next]!], until - 1_000_000, until);
  }, 200);
}

/** As it is while all streams get a point a second: the last minute waits to be compacted. */
async function measureLive(bench: Bench, streams: number[], until: number): Promise<number> {
  for (let second = 0; second < 60; second++) {
    const times = Float64Array.of(until + second * 1_000);
    await append(bench, streams, (id) => ({ times, values: valuesOf(id, until / 1_000 + second, 1) }));
  }
  const ms = await measureLast(bench, streams, until + 60_000);
  await bench.compact();
  return ms;
}

/** In the order of time, as they come, so that the points of a stream lie on pages of their own. */
async function measureRows({ patient: client }: Bench) {
  await client.query('CREATE TABLE points (stream_id int, ts timestamptz, value float8, PRIMARY KEY (stream_id, ts))');
  for (let at = 0; at < 1_000; at += 50) {
    await client.query(
      `INSERT INTO points SELECT s, to_timestamp($1::float8 / 1000 + n), random()
       FROM generate_series($2::int, $2::int + 49) AS n, generate_series(1, ${STREAMS}) AS s`,
      [FROM, at],
    );
  }
  await client.query('VACUUM ANALYZE points');
  let next = 0;
  const last = () => {
    next = (next + 4_001) % STREAMS;
    return client.query({
      name: 'last',
      text: 'SELECT ts, value FROM points WHERE stream_id = $1 ORDER BY ts DESC LIMIT 1000',
      values: [next + 1],
    });
  };
  const ms = await median(last, 200);
  const { rows } = await client.query<{ bytes: string }>(`SELECT pg_total_relation_size('points') AS bytes`);
  await client.query('DROP TABLE points');
  return [{ question: 'last 1,000 points of a stream', ms, 'bytes per point': round(Number(rows[0]!.bytes) / 1e7, 1) }];
}
