import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../server/src/database/embedded.postgres.ts';
import { silent } from '../../server/src/log.ts';
import { DAY } from '../../server/src/streams/downsample.ts';
import { readForWidth } from '../../server/src/streams/pixels.ts';
import { openBench, type Bench } from './bench-database.ts';
import { kindNames } from './series.ts';
import { median, round } from './statistics.ts';

const FROM = Math.floor(Date.now() / DAY) * DAY - 400 * DAY;
const MONTH_POINTS = 30 * 86_400;
const YEAR_POINTS = 365 * 86_400;
const WIDTH = 1_000;
const migrationsDir = join(import.meta.dirname, '../../prisma/migrations');

const dir = await mkdtemp(join(tmpdir(), 'quantumflux-bench-'));
// Open to the account that PostgreSQL runs as when the bench runs as root.
await chmod(dir, 0o755);
const server = await startEmbeddedPostgres({ dir, log: silent });
try {
  const sizes = await measureSizes();
  const queries = await measureQueries();
  process.send!({
    'bytes per point on disk and compaction, 2.6 M points at 1 Hz': sizes,
    'questions, 1 Hz stream of a year (31.5 M points), ms': queries,
  });
} finally {
  await server.stop();
  await rm(dir, { recursive: true });
}
process.disconnect();

async function measureSizes() {
  const rows = [];
  for (const [i, kind] of kindNames.entries()) {
    rows.push(await measureSize(`size_${i}`, { kind, points: MONTH_POINTS, size: 1_000, everyEntries: 2_000 }));
  }
  // A minute of points at a time, as one stream of many gets them.
  rows.push(await measureSize('trickle', { kind: kindNames[0]!, points: 3 * 86_400, size: 60, everyEntries: 1 }));
  return rows;
}

type Size = { kind: (typeof kindNames)[number]; points: number; size: number; everyEntries: number };

async function measureSize(name: string, { kind, points, size, everyEntries }: Size) {
  const bench = await openBench(server.url, name, migrationsDir);
  const stream = await bench.newStream(kind);
  const { seconds } = await bench.write(stream, { kind, from: FROM, points }, { size, everyEntries });
  const bytes = await bench.bytes();
  await bench.close();
  return {
    kind,
    'points per entry': size,
    'bytes per point': round(bytes / points, 2),
    'compacted, M points/s': round(points / seconds / 1e6, 2),
  };
}

async function measureQueries() {
  const bench = await openBench(server.url, 'questions', migrationsDir);
  const stream = await bench.newStream('year');
  const series = { kind: kindNames[0]!, from: FROM, points: YEAR_POINTS };
  await bench.write(stream, series, { size: 10_000, everyEntries: 400 });
  while (await bench.months.step());
  await bench.bytes();
  const end = FROM + YEAR_POINTS * 1_000;
  const draw = (days: number) => () =>
    readForWidth(bench.history, [stream], { from: end - days * DAY, to: end, width: WIDTH });
  const rows = [
    { question: 'last 1,000 points', ms: await median(() => bench.history.history([stream], end - 1_000_000, end)) },
    { question: '1 day to 1,000 pixels', ms: await median(draw(1)) },
    { question: '7 days to 1,000 pixels', ms: await median(draw(7)) },
    { question: '30 days (2.6 M points) to 1,000 pixels', ms: await median(draw(30)) },
    { question: 'a year (31.5 M points) to 1,000 pixels', ms: await median(draw(365)) },
    ...(await measureRows(bench)),
  ];
  await bench.close();
  return rows;
}

/** What a table with a row per point takes, at its best: one stream alone, in the order of time, all in memory. */
async function measureRows({ patient: client }: Bench) {
  await client.query('CREATE TABLE points (stream_id int, ts timestamptz, value float8, PRIMARY KEY (stream_id, ts))');
  await client.query(
    `INSERT INTO points SELECT 1, to_timestamp($1::float8 / 1000 + n), random() FROM generate_series(0, $2::int - 1) AS n`,
    [FROM, MONTH_POINTS],
  );
  await client.query('VACUUM ANALYZE points');
  const last = 'SELECT ts, value FROM points WHERE stream_id = 1 ORDER BY ts DESC LIMIT 1000';
  const buckets = `SELECT date_bin('1 hour', ts, 'epoch') AS t, min(value), max(value), avg(value), count(*)
    FROM points WHERE stream_id = 1 GROUP BY 1 ORDER BY 1`;
  return [
    { question: 'a row per point: last 1,000 points', ms: await median(() => client.query(last)) },
    { question: 'a row per point: 30 days, date_bin', ms: await median(() => client.query(buckets), 5) },
  ];
}
