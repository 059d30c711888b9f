import { COLUMNS_TYPE, decodeColumns, type QueryResult } from '@quantumflux/sdk/protocol';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compactAll, type Points } from '../storage.testing.ts';
import { startQueryTest, type QueryServer, type QueryTest } from './query.testing.ts';

const START = Date.UTC(2026, 10, 1, 12);
const MINUTE = 60_000;

let tested: QueryTest;
let server: QueryServer;

beforeAll(async () => {
  tested = await startQueryTest();
  server = await tested.startServer();
  await server.write(
    {
      stream: 'http.latency',
      tags: { region: 'eu', route: '=cmd|"x",1' },
      unit: 'ms',
      points: [
        [START, 1.5],
        [START + 0.25, -2],
        [START + 2 * MINUTE, 4],
      ],
    },
    { stream: 'http.latency', tags: { region: 'us' }, unit: 'ms', points: [[START + MINUTE, 7]] },
  );
});
afterAll(async () => {
  await server.close();
  await tested.stop();
});

const range = { from: START, to: START + 3 * MINUTE };
const both = { select: 'http.latency', ...range };
const minutes = [START, START + MINUTE, START + 2 * MINUTE];
const eu = { stream: 'http.latency', tags: { region: 'eu', route: '=cmd|"x",1' }, unit: 'ms', kind: 'gauge' };
const us = { stream: 'http.latency', tags: { region: 'us' }, unit: 'ms', kind: 'gauge' };

describe('[Q11] JSON', () => {
  test('is what comes without a wish: points as they are', async () => {
    const answer = await server.ask(both);
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('vary')]).toEqual([
      200,
      'application/json; charset=utf-8',
      'Accept, Accept-Encoding',
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({
      streams: [
        { ...eu, resolution: 'raw', t: [START, START + 0.25, START + 2 * MINUTE], v: [1.5, -2, 4] },
        { ...us, resolution: 'raw', t: [START + MINUTE], v: [7] },
      ],
    });
  });

  test('[Q5] has functions on one grid, and null where there is nothing', async () => {
    const answer = await server.ask({ ...both, fn: 'avg, max', step: '1m' });
    expect(await answer.json()).toEqual({
      streams: [
        { ...eu, resolution: '1m', t: minutes, avg: [-0.25, null, 4], max: [1.5, null, 4] },
        { ...us, resolution: '1m', t: minutes, avg: [null, 7, null], max: [null, 7, null] },
      ],
    });
  });

  test('[Q9] has one series for each group', async () => {
    const answer = await server.ask({ ...both, fn: 'count', step: '1m', by: '' });
    expect(await answer.json()).toEqual({
      streams: [{ ...us, tags: {}, resolution: '1m', t: minutes, count: [2, 1, 1] }],
    });
    const groups = (await (await server.ask({ ...both, fn: 'count', by: 'region' })).json()) as QueryResult;
    expect(groups.streams.map(({ tags }) => tags)).toEqual([{ region: 'eu' }, { region: 'us' }]);
  });
});

describe('[Q12] CSV', () => {
  test('is a row for each point, with the stream quoted so that no cell is a formula', async () => {
    const answer = await server.ask(both, { accept: 'text/csv' });
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    const text = await answer.text();
    const key = '"http.latency{region=""eu"",route=""=cmd|\\""x\\"",1""}"';
    expect(text.split('\r\n')).toEqual([
      'stream,time,v',
      `${key},2026-11-01T12:00:00.000Z,1.5`,
      `${key},2026-11-01T12:00:00.000250Z,-2`,
      `${key},2026-11-01T12:02:00.000Z,4`,
      '"http.latency{region=""us""}",2026-11-01T12:01:00.000Z,7',
      '',
    ]);
    const cells = parse(text, { from: 2 }).flat();
    expect(cells.filter((cell) => /^[=+@\t\r]|^-(?!\d+$)/.test(cell))).toEqual([]);
  });

  test('leaves a gap empty', async () => {
    const text = await (await server.ask({ ...both, fn: 'sum,rate', step: '1m' }, { accept: 'text/csv' })).text();
    const rows = parse<Record<string, string>>(text, { columns: true });
    expect(rows.map(({ time, sum }) => [time, sum])).toEqual([
      ['2026-11-01T12:00:00.000Z', '-0.5'],
      ['2026-11-01T12:01:00.000Z', ''],
      ['2026-11-01T12:02:00.000Z', '4'],
      ['2026-11-01T12:00:00.000Z', ''],
      ['2026-11-01T12:01:00.000Z', '7'],
      ['2026-11-01T12:02:00.000Z', ''],
    ]);
  });
});

test('[Q13] binary columns say the same as JSON, bit by bit, and NaN where there is nothing', async () => {
  for (const more of [{}, { fn: 'avg,p95', step: '1m' }]) {
    const answer = await server.ask({ ...both, ...more }, { accept: COLUMNS_TYPE });
    expect(answer.headers.get('content-type')).toBe(COLUMNS_TYPE);
    const found = decodeColumns(new Uint8Array(await answer.arrayBuffer())).map(({ columns, ...meta }) => ({
      ...meta,
      ...Object.fromEntries(
        Object.entries(columns).map(([name, column]) => [name, [...column].map((v) => (Number.isNaN(v) ? null : v))]),
      ),
    }));
    expect({ streams: found }).toEqual(await (await server.ask({ ...both, ...more })).json());
  }
});

test.each([
  ['application/json;q=0.2, text/csv;q=0.9', 'text/csv; charset=utf-8; header=present'],
  [`text/csv;q=0.5, ${COLUMNS_TYPE}`, COLUMNS_TYPE],
  ['*/*', 'application/json; charset=utf-8'],
  ['text/html, */*;q=0.1', 'application/json; charset=utf-8'],
  ['text/*', 'text/csv; charset=utf-8; header=present'],
  ['application/json;q=0, */*', 'text/csv; charset=utf-8; header=present'],
])('[Q10] who accepts %s gets %s', async (accept, type) => {
  expect((await server.ask(both, { accept })).headers.get('content-type')).toBe(type);
});

test.each(['text/html', 'application/json;q=0', 'image/*, text/plain'])(
  '[Q10] nothing is left for %s',
  async (accept) => {
    const answer = await server.ask(both, { accept });
    expect([answer.status, await answer.json()]).toEqual([
      406,
      { error: { code: 'not_acceptable', message: expect.stringContaining('text/csv') } },
    ]);
  },
);

test.each<[string, Record<string, string>, number, string, string]>([
  ['a selector', { select: 'http.latency{region="eu"' }, 400, 'select', 'column 25: expected , or }'],
  ['a pattern', { select: 'http.latency{region=~"(eu"}' }, 400, 'select', 'column 23'],
  ['a function', { fn: 'avg,avgg' }, 400, 'fn', 'column 5: "avgg" is not a function'],
  ['a function named twice', { fn: 'avg, avg' }, 400, 'fn', 'column 6: "avg" is named twice'],
  ['an empty function', { fn: 'avg,' }, 400, 'fn', 'column 5'],
  ['a tag', { fn: 'avg', by: 'region, ho st' }, 400, 'by', 'column 9: "ho st" is not the name of a tag'],
  ['a group without a function', { by: 'region' }, 400, 'by', 'with fn only'],
  ['a step', { fn: 'avg', step: 'often' }, 400, 'step', '"often" is not a length of time'],
  ['too many steps', { fn: 'avg', from: '-1d', step: '1s' }, 413, 'step', '10000 is the most'],
  ['a time', { from: 'noon' }, 400, 'from', '"noon" is not a time'],
  ['__proto__ as a function', { fn: '__proto__' }, 400, 'fn', 'column 1'],
])('[Q3] a mistake in %s is told with its place', async (_, query, status, path, message) => {
  const answer = await server.ask({ select: 'http.latency', ...query });
  expect([answer.status, await answer.json()]).toMatchObject([
    status,
    { error: { path, message: expect.stringContaining(message) } },
  ]);
});

test('__proto__ and constructor are tags like any other', async () => {
  const answer = await server.ask({ ...both, fn: 'count', by: '__proto__,constructor' });
  expect(((await answer.json()) as QueryResult).streams.map(({ tags }) => tags)).toEqual([{}]);
});

test('[Q2] no picture has more than four points per pixel, and none has lost an extreme', async () => {
  // Spread evenly, or most pictures would be of few points.
  const anyMs = (max: number) => fc.noBias(fc.integer({ min: 1, max }));
  const anyTime = fc.oneof(
    anyMs(3_000_000),
    anyMs(3_000).map((i) => i * 1_000),
  );
  const anyValue = fc.integer({ min: -1_000_000, max: 1_000_000 });
  const anyPoints = fc.array(fc.tuple(anyTime, anyValue), { minLength: 20, maxLength: 300, size: 'max' });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyPoints, { minLength: 1, maxLength: 3 }),
      fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 80 })),
      fc.tuple(anyMs(1_500_000), anyMs(3_000_000)),
      fc.boolean(),
      async (writes, width, [offset, length], isCompacted) => {
        const select = `picture.p${number++}`;
        for (const points of writes) {
          await server.write({ stream: select, points: points.map(([t, v]) => [START + t, v]) });
          if (isCompacted) await compactAll(server.compactor);
        }
        const [from, to] = [START + offset, START + offset + length];
        const answer = (await (await server.ask({ select, from, to, width })).json()) as QueryResult;
        const series = answer.streams[0]!;
        const newest = new Map(writes.flat());
        const values = [...newest].filter(([t]) => START + t >= from && START + t <= to).map(([, v]) => v);
        const drawn = 'v' in series ? series.v : [...series.first, ...series.min, ...series.max, ...series.last];
        expect(drawn.length).toBeLessThanOrEqual(4 * width);
        expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([Math.min(...values), Math.max(...values)]);
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);

test('what would be too much is refused before it is read', async () => {
  const streams = Array.from({ length: 60 }, (_, i) => ({ stream: `many.m${i}`, points: [[START, i]] as Points }));
  await server.write(...streams);
  const wide = { select: 'many.*', from: START - 9_000_000, to: START, width: 10_000, step: '1s' };
  const answer = await server.ask({ ...wide, fn: 'min,max,avg,sum,count,first,last,rate,delta' });
  expect([answer.status, await answer.json()]).toMatchObject([413, { error: { code: 'too_large' } }]);
  expect((await server.ask({ ...wide, fn: 'min' })).status).toBe(200);
});

test('[L1] more points than a query may read are counted, not read', async () => {
  await server.write({ stream: 'huge', points: [[START, 1]] });
  const { prisma } = tested.database;
  const { id } = await prisma.stream.findFirstOrThrow({ where: { name: 'huge' } });
  // Chunks that say how many points they have, and have none: reading them would be told as corruption.
  await prisma.$executeRaw`INSERT INTO chunk (organization_id, stream_id, t_min, t_max, count, min, max, first, last, sum, payload)
    SELECT ${tested.organization}::uuid, ${id}::int, ${START}::float8 + n, ${START}::float8 + n, 8192, 0, 0, 0, 0, 0, ''::bytea
    FROM generate_series(1, 2500) AS n`;
  const question = { select: 'huge', from: START - 86_400_000, to: START + 86_400_000, fn: 'p95' };
  const answer = await server.ask(question);
  expect([answer.status, await answer.json()]).toMatchObject([
    413,
    { error: { code: 'too_large', message: expect.stringContaining('20,000,000 points') } },
  ]);
  expect(server.corrupt.count).toBe(0);
  expect((await server.ask({ ...question, to: START })).status).toBe(200);
});
