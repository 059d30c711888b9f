import { ByteWriter, writeBlock } from '@quantumflux/sdk/protocol';
import pg from 'pg';
import { openDatabase } from '../../server/src/database/database.ts';
import { silent } from '../../server/src/log.ts';
import { createCompactionStore } from '../../server/src/streams/compaction.store.ts';
import { createCompactor, type Step } from '../../server/src/streams/compactor.ts';
import { createHistory } from '../../server/src/streams/history.ts';
import { createJournalStore } from '../../server/src/streams/journal.store.ts';
import { createMonthMaker } from '../../server/src/streams/month-maker.ts';
import { createReader } from '../../server/src/streams/reader.ts';
import { createRecentEntries } from '../../server/src/streams/recent-entries.ts';
import { createSnapshots } from '../../server/src/streams/snapshot.store.ts';
import { partitionOf } from '../../server/src/streams/stream.ts';
import { pieces, type Series } from './series.ts';

/** A migrated database of its own on this server, and the parts of the storage on it. */
export async function openBench(server: string, name: string, migrationsDir: string) {
  const admin = await openDatabase({ url: server, migrationsDir, log: silent });
  await admin.pool.query(`CREATE DATABASE ${name}`);
  await admin.close();
  const url = new URL(server);
  url.pathname = name;
  const database = await openDatabase({ url: url.href, migrationsDir, log: silent });
  const { prisma, pool } = database;
  // For what takes longer than any query of the server may.
  const patient = new pg.Client({ connectionString: url.href });
  await patient.connect();
  const { id: organizationId } = await prisma.organization.create({ data: { name: 'Bench' } });
  const read = createReader({ log: silent });
  const store = createCompactionStore(pool);
  const compactor = createCompactor({ store, read }, { ageMs: 0 });
  const journal = createJournalStore(pool);
  const recent = createRecentEntries();

  /** Points and seconds of all the steps until nothing is left. */
  async function compact() {
    let [points, seconds] = [0, 0];
    for (;;) {
      const start = performance.now();
      const step = await compactor.step();
      if (!step) return { points, seconds };
      points += step.points;
      seconds += (performance.now() - start) / 1_000;
    }
  }

  return {
    patient,
    pool,
    store,
    journal,
    compact,
    recent,
    history: createHistory({ snapshot: createSnapshots(pool, recent), read }),
    heads: journal.heads,
    async close(): Promise<void> {
      await patient.end();
      await database.close();
    },

    months: createMonthMaker({ store, read }),

    /** A compactor for what is due as in a server. */
    compactorTold: (onStep: (step: Step) => void) => createCompactor({ store, read, onStep }),

    async newStream(key: string): Promise<number> {
      return (await prisma.stream.create({ data: { organizationId, key, name: key, tags: {} } })).id;
    },

    /** As many streams as are asked for; their ids. */
    async newStreams(count: number): Promise<number[]> {
      const names = Array.from({ length: count }, (_, i) => `many.s${i}`);
      await prisma.stream.createMany({ data: names.map((key) => ({ organizationId, key, name: key, tags: {} })) });
      const streams = await prisma.stream.findMany({ where: { key: { in: names } }, select: { id: true } });
      return streams.map(({ id }) => id);
    },

    /** Into the journal, an entry per piece; compacted whenever `everyEntries` were written. */
    async write(stream: number, series: Series, { size, everyEntries }: { size: number; everyEntries: number }) {
      const sum = { points: 0, seconds: 0 };
      let entries = 0;
      const add = ({ points, seconds }: typeof sum) => {
        sum.points += points;
        sum.seconds += seconds;
      };
      for (const columns of pieces(series, size)) {
        const out = new ByteWriter();
        writeBlock(out, stream, columns);
        const span = { tMin: columns.times[0]!, tMax: columns.times.at(-1)! };
        await journal.append([{ partition: partitionOf(stream), payload: out.toBytes(), ...span }]);
        if (++entries % everyEntries === 0) add(await compact());
      }
      add(await compact());
      return sum;
    },

    /** All tables and indexes of points, after what was deleted has been cleaned up. */
    async bytes(): Promise<number> {
      while ((await store.trimJournal(0)).more);
      await patient.query('VACUUM ANALYZE');
      const { rows } = await pool.query<{ bytes: string }>(
        `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class
         WHERE relkind = 'r' AND (relname LIKE 'chunk%' OR relname IN ('journal', 'compaction', 'partition_head'))`,
      );
      return Number(rows[0]!.bytes);
    },
  };
}

export type Bench = Awaited<ReturnType<typeof openBench>>;
