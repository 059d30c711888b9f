import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { migrationsDir } from '../../../tests/migrations.ts';
import { startDatabase, type TestDatabase } from '../../../tests/postgres.ts';
import { silent } from '../log.ts';
import { openDatabase } from './database.ts';
import { startEmbeddedPostgres } from './embedded.postgres.ts';

let running: TestDatabase;
let pool: pg.Pool;
beforeEach(async () => {
  running = await startDatabase();
  pool = running.database.pool;
});
afterEach(() => running.stop());

type Appended = { partition: number; offset: number; epoch: number };

/** Appends an entry of one byte to each of these partitions. */
async function append(partitions: number[], through: Pick<pg.Pool, 'query'> = pool): Promise<Appended[]> {
  const each = <T>(value: T) => partitions.map(() => value);
  const { rows } = await through.query<{ entry_partition: number; entry_offset: string; epoch: string }>(
    'SELECT * FROM append_journal($1, $2, $3, $4)',
    [partitions, each(Buffer.of(1)), each(1), each(2)],
  );
  return rows.map(({ entry_partition, entry_offset, epoch }) => ({
    partition: entry_partition,
    offset: Number(entry_offset),
    epoch: Number(epoch),
  }));
}

async function offsetsIn(partition: number, after = 0): Promise<number[]> {
  const { rows } = await pool.query<{ offset: string }>(
    'SELECT "offset" FROM journal WHERE partition = $1 AND "offset" > $2 ORDER BY "offset"',
    [partition, after],
  );
  return rows.map(({ offset }) => Number(offset));
}

const countTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('every partition counts for itself, from 1', async () => {
  await append([0, 3, 7]);
  const appended = await append([3]);
  expect(appended).toMatchObject([{ partition: 3, offset: 2 }]);
  expect(await append([0, 3])).toMatchObject([
    { partition: 0, offset: 2 },
    { partition: 3, offset: 3 },
  ]);
});

test('an entry is kept as it was given', async () => {
  await append([5]);
  const { rows } = await pool.query('SELECT partition, "offset", t_min, t_max, payload FROM journal');
  expect(rows).toEqual([{ partition: 5, offset: '1', t_min: 1, t_max: 2, payload: Buffer.of(1) }]);
});

describe('with eight connections that append at the same time', () => {
  const WRITERS = 8;
  const EACH = 60;

  /** Partition 0 always, so that all meet there, and some others. */
  async function write(writer: number): Promise<void> {
    for (let i = 0; i < EACH; i++) {
      await append([0, 1 + ((writer + i) % 3), 4 + ((writer * i) % 4)]);
    }
  }

  test('offsets have no holes', async () => {
    await Promise.all(countTo(WRITERS).map(write));
    expect(await offsetsIn(0)).toEqual(countTo(WRITERS * EACH));
    for (const partition of countTo(7)) {
      const offsets = await offsetsIn(partition);
      expect(offsets).toEqual(countTo(offsets.length));
    }
  });

  test('a reader that goes on from where it was sees each entry once, in order', async () => {
    const seen: number[] = [];
    let isWriting = true;
    const writing = Promise.all(countTo(WRITERS).map(write)).then(() => (isWriting = false));
    for (let isLast = false; !isLast;) {
      isLast = !isWriting;
      seen.push(...(await offsetsIn(0, seen.length)));
      // What was passed over by now would never be seen.
      expect(seen).toEqual(countTo(seen.length));
    }
    await writing;
    expect(seen).toHaveLength(WRITERS * EACH);
  });
});

test('an append that is rolled back leaves no hole', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  expect(await append([2], client)).toMatchObject([{ offset: 1 }]);
  await client.query('ROLLBACK');
  client.release();
  expect(await append([2])).toMatchObject([{ offset: 1 }]);
});

describe('nothing is stored', () => {
  test.each([
    ['when partitions are not in order', [4, 1], 'partition 1 comes after 4'],
    ['when a partition is named twice', [4, 4], 'partition 4 comes after 4'],
    ['when a partition does not exist', [0, 8], 'there is no partition 8'],
  ])('%s', async (_, partitions, message) => {
    await expect(append(partitions)).rejects.toThrow(message);
    expect(await offsetsIn(partitions[0]!)).toEqual([]);
    expect(await append([partitions[0]!])).toMatchObject([{ offset: 1 }]);
  });

  test('when the columns differ in length', async () => {
    const sql = `SELECT * FROM append_journal('{0,1}', ARRAY['\\x01']::bytea[], '{1,1}', '{2,2}')`;
    await expect(pool.query(sql)).rejects.toThrow('the arrays differ in length');
  });
});

describe('the epoch', () => {
  test('is the same as long as the journal is, and exact in a float64', async () => {
    const [first] = await append([0]);
    const [second] = await append([1]);
    expect(second!.epoch).toBe(first!.epoch);
    expect(Number.isSafeInteger(first!.epoch)).toBe(true);
  });

  test('is another one for a journal that was made anew', async () => {
    const [{ epoch } = { epoch: 0 }] = await append([0]);
    await pool.query('UPDATE journal_identity SET seed = (seed + 1) % (1 << 30)');
    expect((await append([0]))[0]!.epoch).not.toBe(epoch);
    await expect(pool.query('INSERT INTO journal_identity (id) VALUES (2)')).rejects.toThrow(
      'journal_identity_one_row',
    );
  });

  test('is another one after a replica has taken over', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'quantumflux-epoch-'));
    await chmod(dir, 0o755);
    let server = await startEmbeddedPostgres({ dir, log: silent });
    onTestFinished(async () => {
      await server.stop();
      await rm(dir, { recursive: true });
    });
    let database = await openDatabase({ url: server.url, migrationsDir, log: silent });
    const [before] = await append([0], database.pool);
    await database.close();
    await server.stop();

    await writeFile(join(dir, 'database', 'cluster', 'standby.signal'), '');
    server = await startEmbeddedPostgres({ dir, log: silent });
    const replica = new pg.Client({ connectionString: server.url });
    await replica.connect();
    await replica.query('SELECT pg_promote()');
    await replica.end();
    database = await openDatabase({ url: server.url, migrationsDir, log: silent });
    const [after] = await append([0], database.pool);
    expect(after).toEqual({ partition: 0, offset: 2, epoch: before!.epoch + 1 });
    await database.close();
  });
});
