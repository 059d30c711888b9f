import type { QueryResult, QuerySeries } from '@quantumflux/sdk/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, post } from '../server.ts';
import { startSystem, type System } from './system.ts';

// A disk that returns other bytes than it was given. What else there is must not be lost with them.

const environment = { NODE_ENV: 'test', COMPACTION: 'eager' };
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const CHUNKS = 10;
const POINTS = 600;
const DAY = 24 * 60 * MINUTE;

/** Half a minute past the hour of yesterday, so that a chunk of a minute lies in two: their statistics are read then. */
const START = Math.floor(Date.now() / DAY) * DAY - DAY + 12 * 60 * MINUTE + MINUTE / 2;

let system: System;
beforeAll(async () => void (system = await startSystem(environment)));
afterAll(() => system.stop());

async function write(stream: string, points: [number, number][]): Promise<void> {
  expect((await post(system.url, { stream, points })).status).toBe(204);
  const { query } = await system.database();
  const waiting = 'SELECT FROM partition_head JOIN compaction USING (partition) WHERE "offset" > compacted_offset';
  while ((await query(waiting)).length > 0) await sleep(20);
}

/** The answer on so many pixels: 1,000 are points, 11 are statistics of minutes. Its status when there is none. */
async function ask(stream: string, width: number): Promise<QuerySeries | number> {
  const range = `from=${START - MINUTE / 2}&to=${START + POINTS * SECOND}`;
  const response = await get(system.url, `/api/v1/query?select=${stream}&${range}&width=${width}`);
  if (!response.ok) return response.status;
  return ((await response.json()) as QueryResult).streams[0]!;
}

type Endured = {
  points: QuerySeries | number;
  statistics: QuerySeries | number;
  /** The same of a stream that is well. */
  well: QuerySeries | number;
  /** How often the log says that something cannot be read, and what the metric says. */
  reports: number;
  metric: number;
};

/** Ten chunks of a minute; the points of the third and the statistics of the sixth are damaged. Asked three times. */
async function endure(name: string): Promise<Endured> {
  const points = Array.from({ length: POINTS }, (_, i): [number, number] => [START + i * SECOND, i]);
  for (const stream of [name, `${name}.well`]) await write(stream, points);
  const { query } = await system.database();
  const chunks = await query<{ id: string }>(
    `SELECT chunk.id FROM chunk JOIN stream ON stream.id = stream_id WHERE name = '${name}' ORDER BY t_min`,
  );
  expect(chunks).toHaveLength(CHUNKS);
  const damage = (column: string, chunk: number) =>
    query(`UPDATE chunk SET ${column} = set_byte(${column}, 9, get_byte(${column}, 9) # 1)
      WHERE id = ${chunks[chunk]!.id} RETURNING id`);
  expect([...(await damage('payload', 2)), ...(await damage('minutes', 5))]).toHaveLength(2);

  const answers = async () => ({
    points: await ask(name, 1_000),
    statistics: await ask(name, 11),
    well: await ask(`${name}.well`, 1_000),
  });
  await answers();
  await answers();
  const last = await answers();
  const metrics = await (await get(system.url, '/metrics')).text();
  return {
    ...last,
    reports: system.output().split('cannot be read').length - 1,
    metric: Number(/^quantumflux_corrupt_chunks_total (\d+)$/m.exec(metrics)?.[1]),
  };
}

/** How many points an answer holds. */
function countOf(answer: QuerySeries | number): number {
  if (typeof answer === 'number') return -answer;
  return 'v' in answer ? answer.v.length : answer.count.reduce((sum, count) => sum + count);
}

const ONE_CHUNK = POINTS / CHUNKS;

test('a chunk that cannot be read is told of once and left out; all others are answered', async () => {
  const { points, statistics, well, reports, metric } = await endure('damaged');
  expect(countOf(points)).toBe(POINTS - ONE_CHUNK);
  expect(countOf(statistics)).toBe(POINTS - ONE_CHUNK);
  expect(statistics).toMatchObject({ resolution: '1m' });
  expect(countOf(well)).toBe(POINTS);
  expect({ reports, metric }).toEqual({ reports: 2, metric: 2 });
});

test('new points for its time are stored and answered beside it, and the server goes on after a restart', async () => {
  const time = START + 2 * MINUTE + SECOND;
  await write('damaged', [[time, 4_711]]);
  const answer = await ask('damaged', 1_000);
  expect(countOf(answer)).toBe(POINTS - ONE_CHUNK + 1);
  expect(answer).toMatchObject({ v: expect.arrayContaining([4_711]) as number[] });
  await system.killServer();
  await system.restartServer();
  expect(await ask('damaged', 1_000)).toEqual(answer);
  expect((await get(system.url, '/ready')).status).toBe(200);
});

describe('a server that stumbles is found out', () => {
  test('fail-on-corrupt', async () => {
    await system.killServer();
    await system.restartServer({ ...environment, SABOTAGE: 'fail-on-corrupt' });
    const { points, statistics, well } = await endure('sabotaged');
    expect([countOf(points), countOf(statistics)]).toEqual([-500, -500]);
    expect(countOf(well)).toBe(POINTS);
  });
});
