import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDatabase, type TestDatabase } from '../../../tests/postgres.ts';
import { createJournalStore } from '../streams/journal.store.ts';
import { partitionOf } from '../streams/stream.ts';
import type { AppendToJournal } from './committer.ts';
import { entriesIn, ingestOn, ORGANIZATION, point } from './ingest.testing.ts';

let running: TestDatabase;
beforeEach(async () => void (running = await startDatabase()));
afterEach(() => running.stop());

const POISON = 666;

/** Counts the transactions that were tried. The database itself refuses the poison: there is no partition 99. */
function countingIngest() {
  let tries = 0;
  const { append } = createJournalStore(running.database.pool);
  const appendToJournal: AppendToJournal = (...group) => {
    tries += 1;
    return append(...group);
  };
  const ingest = ingestOn(running.database, {
    appendToJournal,
    partitionOf: (id) => (id === POISON ? 99 : partitionOf(id)),
  });
  return { ingest, tries: () => tries };
}

test('one write that cannot be stored does not refuse the hundred others of its group', async () => {
  const { ingest, tries } = countingIngest();
  const ids = Array.from({ length: 100 }, (_, i) => (i === 37 ? POISON : i));
  const answers = await Promise.allSettled(ids.map((id) => ingest.append(ORGANIZATION, point(id))));
  const refused = answers.flatMap(({ status }, i) => (status === 'rejected' ? [ids[i]] : []));
  expect(refused).toEqual([POISON]);
  expect(answers[37]).toMatchObject({ reason: { message: expect.stringContaining('no partition 99') as string } });
  // Found by halves: the group, then two commits for each time it is halved.
  expect(tries()).toBeLessThanOrEqual(1 + 2 * 7);
});

test('what cannot even be encoded is refused alone as well', async () => {
  const { ingest } = countingIngest();
  const broken = point(1);
  broken.streams[0]!.columns.values = new Float64Array(0);
  broken.streams[0]!.columns.times = undefined as unknown as Float64Array;
  const answers = await Promise.allSettled([
    ingest.append(ORGANIZATION, point(1)),
    ingest.append(ORGANIZATION, broken),
    ingest.append(ORGANIZATION, point(2)),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('a commit whose answer is lost is unknown, and said to be: the whole group may come again', async () => {
  const { pool } = running.database;
  const { append } = createJournalStore(pool);
  const ingest = ingestOn(running.database, {
    async appendToJournal(...group) {
      // The transaction is committed, and then its connection ends before we hear of it.
      await append(...group);
      const client = await pool.connect();
      try {
        await client.query('SELECT pg_terminate_backend(pg_backend_pid())');
      } finally {
        client.release(true);
      }
      throw new Error('unreachable');
    },
  });
  const answers = await Promise.allSettled([
    ingest.append(ORGANIZATION, point(1)),
    ingest.append(ORGANIZATION, point(2)),
  ]);
  for (const answer of answers) expect(answer).toMatchObject({ reason: { code: 'unavailable' } });
  // Once: an outage is not tried again by halves.
  expect(await entriesIn(running.database)).toBe(2);
});

test('who has waited too long behind an outage is refused, and not stored after all', async () => {
  const { append } = createJournalStore(running.database.pool);
  let isFirst = true;
  const ingest = ingestOn(running.database, {
    async appendToJournal(...group) {
      if (isFirst) await new Promise((done) => setTimeout(done, 2_000));
      isFirst = false;
      return append(...group);
    },
  });
  const first = ingest.append(ORGANIZATION, point(1));
  await new Promise((done) => setTimeout(done, 50));
  const behind = ingest.append(ORGANIZATION, point(2));
  await expect(behind).rejects.toMatchObject({ code: 'unavailable', cause: { retryMs: 1_000 } });
  await first;
  expect(await entriesIn(running.database)).toBe(1);
  await ingest.append(ORGANIZATION, point(3));
});
