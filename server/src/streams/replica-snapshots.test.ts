import { ByteWriter, writeBlock, type Position } from '@quantumflux/sdk/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { hasPostgres, startPostgres, type InstalledPostgres } from '../../../tests/installed-postgres.ts';
import { migrationsDir } from '../../../tests/migrations.ts';
import { openDatabase, type Database } from '../database/database.ts';
import { silent } from '../log.ts';
import { createFloor, positionAfter, raising, type Floor } from './floor.ts';
import { createJournalStore } from './journal.store.ts';
import type { Journal } from './journal.ts';
import { createReplicaSnapshots } from './replica-snapshots.ts';
import { createSnapshots } from './snapshot.store.ts';
import type { ReadSnapshot } from './snapshot.ts';

/** A point of stream 0, which is of partition 0. */
function pointEntry() {
  const out = new ByteWriter();
  writeBlock(out, 0, { times: Float64Array.of(1), values: Float64Array.of(1) });
  return { partition: 0, payload: out.toBytes(), tMin: 1, tMax: 1 };
}

const everything = { from: -Infinity, to: Infinity };

describe.skipIf(!hasPostgres())('with streaming replication', () => {
  let primary: InstalledPostgres;
  let standby: InstalledPostgres;
  let name: string;
  let url: string;
  let database: Database;
  let floor: Floor;
  let journal: Journal;
  let snapshot: ReadSnapshot;
  const reads: string[] = [];

  beforeAll(async () => {
    primary = await startPostgres();
    standby = await primary.startStandby({ max_standby_streaming_delay: '50ms' });
  });
  afterAll(async () => {
    await standby.stop();
    await primary.stop();
  });
  beforeEach(async () => {
    reads.length = 0;
    const made = await primary.startDatabase();
    await made.stop();
    url = made.url;
    name = new URL(url).pathname.slice(1);
    await caughtUp(standby);
    await open([standby.urlOf(name)]);
    return () => database.close();
  });
  afterEach(() => ask(standby, 'SELECT pg_wal_replay_resume()'));

  /** A server on the primary with these replicas. */
  async function open(replicaUrls: string[]): Promise<void> {
    database = await openDatabase({ url, replicaUrls, migrationsDir, log: silent });
    floor = createFloor();
    journal = raising(floor, createJournalStore(database.pool));
    snapshot = createReplicaSnapshots({
      primary: createSnapshots(database.longPool),
      replicas: database.replicas.map((replica) => ({ ...replica, snapshot: createSnapshots(replica.pool) })),
      floor,
      onRead: (from) => void reads.push(from),
    });
  }

  async function ask(server: InstalledPostgres, sql: string): Promise<string> {
    const client = new pg.Client({ connectionString: server.urlOf('postgres') });
    await client.connect();
    try {
      return Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {}).join();
    } finally {
      await client.end();
    }
  }

  /** Resolves once the standby has all that the primary has. */
  async function caughtUp(follower: InstalledPostgres): Promise<void> {
    const head = await ask(primary, 'SELECT pg_current_wal_flush_lsn()');
    await vi.waitFor(
      async () => expect(await ask(follower, `SELECT pg_last_wal_replay_lsn() >= '${head}'`)).toBe('true'),
      { timeout: 20_000, interval: 10 },
    );
  }

  const write = () => journal.append([pointEntry()]);

  /** How many entries of partition 0 a question finds; it must fit to the position that it says. */
  async function count(): Promise<number> {
    return snapshot(async (stored) => {
      let found = 0;
      await stored.journal([0], everything, () => void found++);
      expect(offsetOf(stored.position)).toBe(found);
      return found;
    });
  }

  const offsetOf = ({ offsets }: Position) => new Map(offsets).get(0);

  async function timed(work: () => Promise<unknown>): Promise<number> {
    const start = performance.now();
    await work();
    return performance.now() - start;
  }

  /** Of some, for the machine has other things to do too. */
  async function quickest(work: () => Promise<unknown>): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await timed(work));
    return Math.min(...times);
  }

  /** The one who answers from now on is a replica, sooner or later. */
  const answersAgain = () =>
    vi.waitFor(
      async () => {
        await count();
        expect(reads.at(-1)).toBe('replica');
      },
      { timeout: 20_000, interval: 50 },
    );

  test('primary and replica tell the same epoch, and a question is the replica’s', async () => {
    for (let i = 0; i < 5; i++) await write();
    await caughtUp(standby);
    const replica = createJournalStore(database.replicas[0]!.pool);
    expect(await replica.heads()).toEqual(await journal.heads());
    await answersAgain();
    expect(await count()).toBe(5);
  });

  test('a write that was confirmed is in every answer from then on, however far behind the replica is', async () => {
    await write();
    await caughtUp(standby);
    // It has all that was told until now, and would answer.
    await answersAgain();
    reads.length = 0;
    await ask(standby, 'SELECT pg_wal_replay_pause()');
    for (let i = 2; i < 12; i++) {
      await write();
      expect(await count()).toBe(i);
    }
    expect(reads).toEqual(Array.from({ length: 10 }, () => 'primary'));
    // The wait for one that is far behind is not paid for by every question.
    expect(await quickest(count)).toBeLessThan(90);
    await ask(standby, 'SELECT pg_wal_replay_resume()');
    await answersAgain();
    expect(await count()).toBe(11);
  });

  test('what the bus brought from another server is in every answer too', async () => {
    await caughtUp(standby);
    await answersAgain();
    reads.length = 0;
    await ask(standby, 'SELECT pg_wal_replay_pause()');
    const other = createJournalStore(database.pool);
    const committed = await other.append([pointEntry()]);
    // Nobody was told yet: an older answer is a right one.
    expect(await count()).toBe(0);
    floor.hear(positionAfter(committed));
    expect(await count()).toBe(1);
    expect(reads).toEqual(['replica', 'primary']);
  });

  test('a replica that is a moment behind is waited for', async () => {
    await write();
    await caughtUp(standby);
    await ask(standby, 'SELECT pg_wal_replay_pause()');
    await write();
    const resumed = ask(standby, 'SELECT pg_wal_replay_resume()');
    expect(await count()).toBe(2);
    await resumed;
    await answersAgain();
  });

  test('of two replicas, the one that is far enough answers, and questions never go back', async () => {
    const second = await primary.startStandby();
    onTestFinished(() => second.stop());
    await database.close();
    await open([standby.urlOf(name), second.urlOf(name)]);
    await write();
    await Promise.all([caughtUp(standby), caughtUp(second)]);
    await ask(standby, 'SELECT pg_wal_replay_pause()');
    await createJournalStore(database.pool).append([pointEntry()]);
    await caughtUp(second);
    let least = 0;
    for (let i = 0; i < 10; i++) {
      const found = await count();
      expect(found).toBeGreaterThanOrEqual(least);
      least = found;
    }
    expect(least).toBe(2);
    expect(reads).toContain('replica');
  });

  test('a replica that is gone costs no error, and is read again once it is back', async () => {
    await write();
    await caughtUp(standby);
    expect(await count()).toBe(1);
    await standby.end();
    const answers = await Promise.all(Array.from({ length: 20 }, count));
    expect(answers).toEqual(answers.map(() => 1));
    expect(reads.slice(1)).toEqual(answers.map(() => 'primary'));
    await standby.begin();
    await answersAgain();
  });

  test('a replica that stands still costs a moment, then nothing, and is read again once it goes on', async () => {
    await write();
    await caughtUp(standby);
    expect(await count()).toBe(1);
    const processes = await standby.processes();
    processes.freeze();
    try {
      await sleep(300);
      const first = await timed(async () => expect(await Promise.all(Array.from({ length: 20 }, count))).toContain(1));
      // Far less than the limit of a question, and then nothing at all.
      expect(first).toBeLessThan(1_500);
      expect(await quickest(count)).toBeLessThan(200);
      expect(reads.slice(1)).not.toContain('replica');
    } finally {
      processes.thaw();
    }
    await answersAgain();
  });

  test('a question that is in the way of replication is answered by the primary', async () => {
    await write();
    await caughtUp(standby);
    await answersAgain();
    reads.length = 0;
    let calls = 0;
    const found = await snapshot(async (stored) => {
      calls += 1;
      const all: number[] = [];
      await stored.journal([0], everything, ({ offset }) => void all.push(offset));
      if (calls === 1) {
        await database.pool.query('BEGIN; LOCK TABLE journal IN ACCESS EXCLUSIVE MODE; COMMIT');
        await sleep(500);
      }
      await stored.journal([0], everything, ({ offset }) => void all.push(offset));
      return all;
    });
    expect(calls).toBe(2);
    expect(found).toEqual([1, 1]);
    expect(reads).toEqual(['primary']);
    await answersAgain();
  });

  test('what the question itself breaks on is its own error, and not asked twice', async () => {
    await write();
    await caughtUp(standby);
    let calls = 0;
    const failing = snapshot(() => {
      calls += 1;
      return Promise.reject(new Error('too much'));
    });
    await expect(failing).rejects.toThrow('too much');
    expect(calls).toBe(1);
    expect(database.replicas[0]!.isUp()).toBe(true);
  });

  test('a replica that was promoted is another journal, and no longer read', async () => {
    const promoted = await primary.startStandby();
    onTestFinished(() => promoted.stop());
    await database.close();
    await open([promoted.urlOf(name)]);
    await write();
    await caughtUp(promoted);
    expect(await count()).toBe(1);
    await ask(promoted, 'SELECT pg_promote()');
    const apart = createJournalStore(database.replicas[0]!.pool);
    const before = await journal.heads();
    expect((await apart.append([pointEntry()])).epoch).toBe(before.epoch + 1);
    reads.length = 0;
    expect(await count()).toBe(1);
    expect(reads).toEqual(['primary']);
  });

  test('relational reads go to the replica, and to the primary when it is gone; writes never', async () => {
    const { reads: client, prisma } = database;
    await prisma.organization.create({ data: { name: 'Plant' } });
    await caughtUp(standby);
    await ask(standby, 'SELECT pg_wal_replay_pause()');
    await client.organization.create({ data: { name: 'Office' } });
    const names = async () =>
      (await client.organization.findMany({ orderBy: { name: 'asc' } })).map((each) => each.name);
    expect(await names()).toEqual(['Plant']);
    expect(await client.$primary().organization.count()).toBe(2);
    await ask(standby, 'SELECT pg_wal_replay_resume()');
    await standby.end();
    expect(await names()).toEqual(['Office', 'Plant']);
    await standby.begin();
    await vi.waitFor(() => expect(database.replicas[0]!.isUp()).toBe(true), 20_000);
    expect(await names()).toEqual(['Office', 'Plant']);
  });
});
