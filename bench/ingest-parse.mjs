import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const POINTS = 1_000;
const ROUNDS = 2_000;

/** What it costs to read one body of 1,000 points, from bytes to columns, without HTTP and without storing it. */
export async function measure() {
  const { readers, close } = await load();
  try {
    const rows = bodies(readers).map(({ format, series, body, read }) => {
      const [good, median] = time(() => read(body));
      return {
        format,
        series,
        bytes: body.length,
        'us/point': round(good / POINTS),
        'median us/point': round(median / POINTS),
      };
    });
    return { 'reading 1,000 points, from the body to columns': rows };
  } finally {
    close();
  }
}

/** The readers as the server has them, bundled from their sources. */
async function load() {
  const folder = mkdtempSync(join(root, 'node_modules', '.ingest-parse-'));
  const outfile = join(folder, 'readers.mjs');
  await build({
    stdin: {
      contents: ['json', 'line-protocol', 'line-scanner', 'columns']
        .map((name) => `export * from './${name}.ts';`)
        .join('\n'),
      resolveDir: join(root, 'server/src/ingest'),
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['quantumflux-source'],
    logLevel: 'error',
  });
  const readers = await import(pathToFileURL(outfile).href);
  return { readers, close: () => rmSync(folder, { recursive: true }) };
}

function bodies({ readPoints, parseJson, readLines, precisions, readColumns }) {
  const options = { precision: precisions.ns, now: 0 };
  return [1, 10, 100, 1_000].flatMap((series) => {
    const streams = streamsOf(series);
    return [
      { format: 'JSON', series, body: json(streams), read: (body) => readPoints(parseJson(body)) },
      { format: 'line protocol', series, body: lines(streams), read: (body) => readLines(body, options) },
      { format: 'columns', series, body: columns(streams), read: readColumns },
    ];
  });
}

function streamsOf(count) {
  return Array.from({ length: count }, (_, i) => ({
    stream: 'plant.temperature',
    tags: { line: `${i}`, region: 'eu-west' },
    points: Array.from({ length: POINTS / count }, (_, j) => [
      1_763_800_000_000 + j * 1_000,
      Math.round(2_000 + 500 * Math.sin(i + j / 50)) / 100,
    ]),
  }));
}

const json = (streams) => Buffer.from(JSON.stringify({ streams }));

// In the order of an agent: every series once per interval.
function lines(streams) {
  const rows = streams[0].points.flatMap((_, j) =>
    streams.map(({ tags: { line, region }, points }) => {
      const [time, value] = points[j];
      return `plant,line=${line},region=${region} temperature=${value} ${time}000000\n`;
    }),
  );
  return Buffer.from(rows.join(''));
}

function columns(streams) {
  const heads = streams.map(({ points, ...stream }) => ({ ...stream, count: points.length }));
  const header = Buffer.from(JSON.stringify({ streams: heads }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const numbers = streams.flatMap(({ points }) => [0, 1].map((i) => Float64Array.from(points, (point) => point[i])));
  return Buffer.concat([length, header, ...numbers.map(({ buffer }) => Buffer.from(buffer))]);
}

/** A good call, the 5th percentile, and the median, in microseconds. On a busy machine only the first means the code. */
function time(call) {
  for (let i = 0; i < ROUNDS / 4; i++) call();
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    call();
    return (performance.now() - start) * 1_000;
  }).sort((a, b) => a - b);
  return [times[Math.floor(ROUNDS * 0.05)], times[ROUNDS / 2]];
}

const round = (us) => Math.round(us * 1_000) / 1_000;
