import type { QueryResult } from '@quantumflux/sdk/protocol';
import { chmod } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findEmbedded } from '../faults/embedded.ts';
import { get, SECRET_KEY, startServer, temporaryFolder, type RunningServer } from '../server.ts';

// What a sender that is not sure sees, as it sees it.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;

beforeAll(async () => {
  folder = await temporaryFolder();
  await chmod(folder.path, 0o755);
  server = await startServer({ dataDir: folder.path });
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

type Sending = { path?: string; body?: string; type?: string };

async function send(
  key: string,
  { path = '/api/v1/points', body = bodyOf(1), type = 'application/json' }: Sending = {},
) {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRET_KEY}`, 'content-type': type, 'idempotency-key': key },
    body,
  });
  const { status, headers } = response;
  const text = await response.text();
  return {
    status,
    replayed: headers.get('idempotent-replayed'),
    retryAfter: headers.get('retry-after'),
    exposed: headers.get('access-control-expose-headers') ?? '',
    error: text === '' ? undefined : (JSON.parse(text) as { error?: unknown }).error,
  };
}

const now = Date.now();
const bodyOf = (value: number, stream = 'once') => JSON.stringify({ stream, points: [[now, value]] });

/** How many entries the journal has. */
async function entries(): Promise<number> {
  const { query } = await findEmbedded(folder.path);
  return (await query<{ count: number }>('SELECT count(*)::int AS count FROM journal'))[0]!.count;
}

test('[I1] the same write again is 204 with Idempotent-Replayed, and stored once', async () => {
  const before = await entries();
  expect(await send('again')).toMatchObject({ status: 204, replayed: null });
  const again = await send('again');
  expect(again).toMatchObject({ status: 204, replayed: 'true' });
  // Pages of another origin may read it.
  expect(again.exposed).toContain('Idempotent-Replayed');
  expect(await entries()).toBe(before + 1);
});

test('[I1] so it is after the server was killed and started again', async () => {
  await send('killed');
  await server.kill();
  server = await startServer({ dataDir: folder.path, port: server.port });
  expect(await send('killed')).toMatchObject({ status: 204, replayed: 'true' });
});

test('[I1] a key with another body, or at another address, is 422, and nothing of it is stored', async () => {
  await send('mine');
  const before = await entries();
  const refused = { status: 422, replayed: null, retryAfter: null, error: { code: 'idempotency_key_reused' } };
  expect(await send('mine', { body: bodyOf(2) })).toMatchObject(refused);
  expect(await send('mine', { path: '/api/v1/points?other' })).toMatchObject(refused);
  expect(await send('mine')).toMatchObject({ status: 204, replayed: 'true' });
  expect(await entries()).toBe(before);
  const { streams } = (await (await get(server.url, '/api/v1/query?select=once')).json()) as QueryResult;
  expect(streams[0]).toMatchObject({ v: [1] });
});

test('[I1] while the first is under way the second is 409 with Retry-After', async () => {
  await send('warm', { body: bodyOf(1, 'slow') });
  const { url } = await findEmbedded(folder.path);
  const blocker = new pg.Client({ connectionString: url });
  await blocker.connect();
  await blocker.query('BEGIN; SELECT FROM partition_head FOR UPDATE');
  const first = send('slow', { body: bodyOf(2, 'slow') });
  // It is in, once it waits for the head of its partition.
  const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'quantumflux'`;
  while ((await blocker.query(waits)).rowCount === 0) await sleep(5);
  expect(await send('slow', { body: bodyOf(2, 'slow') })).toMatchObject({
    status: 409,
    retryAfter: '1',
    replayed: null,
    error: { code: 'conflict' },
  });
  await blocker.query('ROLLBACK');
  await blocker.end();
  // The first waited for a second at most; on a machine that took longer it is told to come again.
  if ((await first).status === 503)
    expect(await send('slow', { body: bodyOf(2, 'slow') })).toMatchObject({ status: 204 });
  else expect(await first).toMatchObject({ status: 204, replayed: null });
  expect(await send('slow', { body: bodyOf(2, 'slow') })).toMatchObject({ status: 204, replayed: 'true' });
});

test.each(['has space', 'x'.repeat(256), 'ü'])('the key %s is refused', async (key) => {
  const before = await entries();
  expect(await send(key)).toMatchObject({
    status: 400,
    error: { code: 'invalid_input', path: 'Idempotency-Key' },
  });
  expect(await entries()).toBe(before);
});

test('agents’ formats keep keys too, and a part that was refused is told again', async () => {
  const lines = { path: '/api/v2/write?precision=ms', body: `agent value=1 ${now}\nbroken\n`, type: 'text/plain' };
  const before = await entries();
  expect(await send('agent', lines)).toMatchObject({ status: 400, replayed: null });
  expect(await send('agent', lines)).toMatchObject({ status: 400, replayed: 'true' });
  expect(await entries()).toBe(before + 1);
});
