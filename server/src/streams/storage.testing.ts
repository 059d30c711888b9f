import { ByteWriter, writeBlock, type Columns } from '@quantumflux/sdk/protocol';
import { startDatabase } from '../../../tests/postgres.ts';
import { silent, type Log } from '../log.ts';
import { createCompactionStore } from './compaction.store.ts';
import { createCompactor } from './compactor.ts';
import { createHistory } from './history.ts';
import { createJournalStore } from './journal.store.ts';
import { createMonthMaker } from './month-maker.ts';
import { createReader } from './reader.ts';
import { createRecentEntries, type RecentEntries } from './recent-entries.ts';
import { createSnapshots } from './snapshot.store.ts';
import { partitionOf } from './stream.ts';

type Opening = { chunkPoints?: number; log?: Log; recent?: RecentEntries };

export type Points = [time: number, value: number][];

export const columnsOf = (points: Points): Columns => ({
  times: Float64Array.from(points, ([time]) => time),
  values: Float64Array.from(points, ([, value]) => value),
});

export const pointsOf = ({ times, values }: Columns): Points => [...times].map((time, i) => [time, values[i]!]);

/** A database of its own with an organization, and ways to write into it. */
export async function startStorage({ start = startDatabase } = {}) {
  const { database, url, stop } = await start();
  const { pool, prisma } = database;
  const { id: organizationId } = await prisma.organization.create({ data: { name: 'Plant' } });
  const journal = createJournalStore(pool);
  const recent = createRecentEntries(400);

  return {
    url,
    pool,
    prisma,
    journal,
    organizationId,
    stop,

    async newStream(): Promise<number> {
      const data = { organizationId, key: `s${Math.random()}`, name: 's', tags: {} };
      return (await prisma.stream.create({ data })).id;
    },

    /** What a server that saw everything go by still holds; little, so that it often holds too little. */
    recent,

    /** Into the journal, as one entry. */
    async write(stream: number, columns: Columns): Promise<void> {
      const out = new ByteWriter();
      writeBlock(out, stream, columns);
      const span = { tMin: Math.min(...columns.times), tMax: Math.max(...columns.times) };
      const written = await journal.append([{ partition: partitionOf(stream), payload: out.toBytes(), ...span }]);
      written.entries.forEach(recent.add);
    },

    /** The storage of one server, for which everything is due at once. */
    open({ chunkPoints = 8_192, log = silent, recent }: Opening = {}) {
      const read = createReader({ log });
      const store = createCompactionStore(pool);
      // The time of a commit is rounded to ms, so it may be half of one ahead of the clock.
      const compactor = createCompactor({ store, read }, { ageMs: -1, chunkPoints });
      const months = createMonthMaker({ store, read });
      return { store, compactor, months, ...createHistory({ snapshot: createSnapshots(pool, recent), read }) };
    },

    chunks: () => prisma.chunk.findMany({ orderBy: [{ streamId: 'asc' }, { tMin: 'asc' }] }),
  };
}

/** Compacts until nothing is due. */
export async function compactAll({ step }: { step: () => Promise<unknown> }): Promise<void> {
  while (await step());
}
