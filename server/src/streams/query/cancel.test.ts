import type { FunctionResult } from '@quantumflux/sdk/protocol';
import pg from 'pg';
import { request, type ClientRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startQueryTest, type QueryServer, type QueryTest } from './query.testing.ts';

let tested: QueryTest;
let server: QueryServer;
let locker: pg.Client;

beforeAll(async () => {
  tested = await startQueryTest();
  const { options } = tested.database.pool;
  locker = new pg.Client({ connectionString: options.connectionString });
  await locker.connect();
});
afterEach(async () => {
  await locker.query('ROLLBACK');
  await server.close();
});
afterAll(async () => {
  await locker.end();
  await tested.stop();
});

/** From here on every query stands still in the database, and nothing but its end gets it out of there. */
async function holdChunks(): Promise<void> {
  await locker.query('BEGIN');
  await locker.query('LOCK TABLE chunk IN ACCESS EXCLUSIVE MODE');
}

/** How many statements stand still. */
async function standing(): Promise<number> {
  const { rows } = await tested.database.pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM chunk%'`,
  );
  return rows[0]!.count;
}

/** Asks over a socket of its own; what becomes of the answer does not matter. */
function ask(query: string): { sent: ClientRequest; status: Promise<number | undefined> } {
  const sent = request(`${server.app.url}/api/v1/query?${query}`, { agent: false });
  const status = new Promise<number | undefined>((resolve) => {
    sent.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', () => resolve(undefined));
  });
  sent.end();
  return { sent, status };
}

const isFree = () => {
  const { totalCount, idleCount, waitingCount } = server.pool;
  expect([totalCount - idleCount, waitingCount]).toEqual([0, 0]);
};
const patience = { timeout: 10_000 };

test.each(['select=held', 'select=held&fn=p95', 'select=held&from=-30d', 'select=held&from=-30d&fn=avg'])(
  'when the caller of %s leaves, the query ends and its connection is free',
  async (query) => {
    server = await tested.startServer();
    await server.write({ stream: 'held', points: [[Date.now(), 1]] });
    await holdChunks();
    const { sent, status } = ask(query);
    await vi.waitFor(async () => expect(await standing()).toBe(1), patience);
    sent.destroy();
    await vi.waitFor(isFree, patience);
    expect(await status).toBeUndefined();
    expect(server.app.log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
    await locker.query('ROLLBACK');
    expect((await server.ask({ select: 'held' })).status).toBe(200);
  },
);

test('while another one waits for the same, the query goes on', async () => {
  server = await tested.startServer();
  await server.write({ stream: 'shared', points: [[Date.now(), 1]] });
  await holdChunks();
  const range = `from=${Date.now() - 60_000}&to=${Date.now() + 60_000}`;
  const [first, second] = [ask(`select=shared&${range}`), ask(`select=shared&${range}`)];
  await vi.waitFor(async () => expect(await standing()).toBe(1), patience);
  // Time for the second to have come in as well; it does not show in the database.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  first.sent.destroy();
  await first.status;
  expect(await standing()).toBe(1);
  await locker.query('ROLLBACK');
  expect(await second.status).toBe(200);
});

test('who joins a read that began before a write that they know of is not answered by it', async () => {
  server = await tested.startServer();
  const now = Date.now();
  const question = { select: 'joined', from: now - 60_000, to: now, fn: 'count', step: '2m' };
  await server.write({ stream: 'joined', points: [[now - 1_000, 1]] });
  await holdChunks();
  // It has its snapshot, and stands still.
  const early = server.ask(question);
  await vi.waitFor(async () => expect(await standing()).toBe(1), patience);
  await server.write({ stream: 'joined', points: [[now - 2_000, 1]] });
  const late = server.ask(question);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(await standing()).toBe(1);
  await locker.query('ROLLBACK');
  const countOf = async (answer: Response) =>
    ((await answer.json()) as FunctionResult<'count'>).streams[0]!.count.reduce(
      (sum: number, each) => sum + (each ?? 0),
      0,
    );
  expect(await countOf(await early)).toBe(1);
  expect(await countOf(await late)).toBe(2);
});

test('when the server stops, a query that takes too long is answered and its connection is free', async () => {
  server = await tested.startServer({ graceMs: 100 });
  await server.write({ stream: 'stopped', points: [[Date.now(), 1]] });
  await holdChunks();
  const { status } = ask('select=stopped');
  await vi.waitFor(async () => expect(await standing()).toBe(1), patience);
  await server.queries.stop();
  expect(await status).toBe(503);
  await vi.waitFor(isFree, patience);
});
