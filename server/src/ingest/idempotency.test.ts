import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startDatabase, type TestDatabase } from '../../../tests/postgres.ts';
import { silent } from '../log.ts';
import { startForgetting } from './forget-keys.ts';
import { createIdempotencyStore } from './idempotency.store.ts';
import { entriesIn, ingestOn, keyed, ORGANIZATION, point } from './ingest.testing.ts';

let running: TestDatabase;
beforeEach(async () => void (running = await startDatabase()));
afterEach(() => running.stop());

const age = (interval: string) =>
  running.database.pool.query('UPDATE idempotency_key SET created_at = now() - $1::interval', [interval]);

test('a write that comes again with its key is stored once, and told so', async () => {
  const ingest = ingestOn(running.database);
  expect(await ingest.append(ORGANIZATION, point(1), keyed('a'))).toEqual({ isReplay: false });
  expect(await ingest.append(ORGANIZATION, point(1), keyed('a'))).toEqual({ isReplay: true });
  expect(await entriesIn(running.database)).toBe(1);
});

test('a key with another body is refused, and nothing is stored', async () => {
  const ingest = ingestOn(running.database);
  await ingest.append(ORGANIZATION, point(1), keyed('a'));
  await expect(ingest.append(ORGANIZATION, point(2), keyed('a', 'other'))).rejects.toMatchObject({
    code: 'idempotency_key_reused',
  });
  expect(await entriesIn(running.database)).toBe(1);
});

test('a key belongs to its organization', async () => {
  const ingest = ingestOn(running.database);
  await ingest.append(ORGANIZATION, point(1), keyed('a'));
  const other = '00000000-0000-4000-8000-000000000002';
  expect(await ingest.append(other, point(1), keyed('a', 'other'))).toEqual({ isReplay: false });
});

test('while a write is under way, its key is busy', async () => {
  const ingest = ingestOn(running.database);
  const first = ingest.append(ORGANIZATION, point(1), keyed('a'));
  await expect(ingest.append(ORGANIZATION, point(1), keyed('a'))).rejects.toMatchObject({
    code: 'conflict',
    cause: { retryMs: 1_000 },
  });
  expect(await first).toEqual({ isReplay: false });
});

test('of two servers that get the same write at once, one stores it, beside the writes of others', async () => {
  const servers = [ingestOn(running.database), ingestOn(running.database)];
  for (let round = 0; round < 30; round++) {
    const answers = await Promise.all(
      servers.map(async (server) => {
        const other = server.append(ORGANIZATION, point(2, round), keyed(`${round} of ${servers.indexOf(server)}`));
        const plain = server.append(ORGANIZATION, point(10, round));
        const same = await server.append(ORGANIZATION, point(1, round), keyed(`${round}`));
        await Promise.all([other, plain]);
        return same.isReplay;
      }),
    );
    expect(answers.sort()).toEqual([false, true]);
  }
});

test('of two servers that get the same key with other bodies at once, one refuses', async () => {
  const servers = [ingestOn(running.database), ingestOn(running.database)];
  const answers = await Promise.allSettled(
    servers.map((server, i) => server.append(ORGANIZATION, point(i), keyed('a', `body ${i}`))),
  );
  const refused = answers.filter(({ status }) => status === 'rejected');
  expect(refused).toMatchObject([{ reason: { code: 'idempotency_key_reused' } }]);
  expect(await entriesIn(running.database)).toBe(1);
});

test('a write that failed leaves its key free', async () => {
  const failing = ingestOn(running.database, { partitionOf: () => 99 });
  await expect(failing.append(ORGANIZATION, point(1), keyed('a'))).rejects.toThrow('there is no partition 99');
  expect(await ingestOn(running.database).append(ORGANIZATION, point(1), keyed('a', 'other'))).toEqual({
    isReplay: false,
  });
});

test('after a day the key is free again, whether it was cleaned up or not', async () => {
  const ingest = ingestOn(running.database);
  await ingest.append(ORGANIZATION, point(1), keyed('a'));
  await age('23 hours 59 minutes');
  expect(await ingest.append(ORGANIZATION, point(1), keyed('a'))).toEqual({ isReplay: true });
  await age('25 hours');
  expect(await ingest.append(ORGANIZATION, point(1), keyed('a', 'other'))).toEqual({ isReplay: false });
  expect(await ingest.append(ORGANIZATION, point(1), keyed('a', 'other'))).toEqual({ isReplay: true });
});

test('old keys are removed in small steps, the others stay', async () => {
  const ingest = ingestOn(running.database);
  const store = createIdempotencyStore(running.database.pool);
  await Promise.all(Array.from({ length: 25 }, (_, i) => ingest.append(ORGANIZATION, point(i), keyed(`old ${i}`))));
  await age('25 hours');
  await ingest.append(ORGANIZATION, point(1), keyed('new'));

  const removed: number[] = [];
  const forget = async (most: number) => {
    const count = await store.forget(most);
    removed.push(count);
    return count;
  };
  const stop = startForgetting({ forget }, { log: silent, everyMs: 10, most: 10 });
  await vi.waitFor(() => expect(removed.slice(0, 3)).toEqual([10, 10, 5]));
  await stop();
  expect(await ingest.append(ORGANIZATION, point(1), keyed('new'))).toEqual({ isReplay: true });
});
