import type { Position } from '@quantumflux/sdk/protocol';
import type { Pool, PoolClient } from 'pg';
import Cursor from 'pg-cursor';
import type { Journal, JournalEntry } from './journal.ts';

/** Rows that a read holds at a time. */
const PAGE = 500;

const APPEND = `SELECT entry_partition AS partition, entry_offset AS "offset", epoch
  FROM append_journal($1::smallint[], $2::bytea[], $3::float8[], $4::float8[])`;
const HEADS = `SELECT partition, "offset", journal_epoch() AS epoch FROM partition_head ORDER BY partition`;
// The running sum stops the read at a number of bytes, but never before the first row.
const AFTER = `SELECT partition, "offset", payload FROM (
    SELECT partition, "offset", payload, sum(octet_length(payload)) OVER (ORDER BY "offset") - octet_length(payload) AS before
    FROM (SELECT * FROM journal WHERE partition = $1 AND "offset" > $2 ORDER BY "offset" LIMIT $3) AS rows
  ) AS summed WHERE before < $4 ORDER BY "offset"`;
const READ = `SELECT partition, "offset", payload FROM journal WHERE partition = ANY($1::smallint[]) AND t_max >= $2 AND t_min <= $3`;

type EntryRow = { partition: number; offset: string; payload: Buffer };
type HeadRow = { partition: number; offset: string; epoch: string };

/** The journal in PostgreSQL. */
export function createJournalStore(pool: Pool): Journal {
  return {
    async append(entries) {
      const ordered = entries.toSorted((a, b) => a.partition - b.partition);
      const { rows } = await pool.query<HeadRow>({
        name: 'append_journal',
        text: APPEND,
        values: [
          ordered.map(({ partition }) => partition),
          ordered.map(({ payload }) => payload),
          ordered.map(({ tMin }) => tMin),
          ordered.map(({ tMax }) => tMax),
        ],
      });
      const offsets = new Map(rows.map(({ partition, offset }) => [partition, Number(offset)]));
      return {
        epoch: Number(rows[0]!.epoch),
        entries: ordered.map(({ partition, payload }) => ({ partition, offset: offsets.get(partition)!, payload })),
      };
    },

    heads: async () => positionOf((await pool.query<HeadRow>(HEADS)).rows),

    async after(partition, offset, { entries, bytes }) {
      const { rows } = await pool.query<EntryRow>(AFTER, [partition, offset, entries, bytes]);
      return rows.map(entryOf);
    },

    async read(partitions, from, to, visit) {
      const client = await pool.connect();
      try {
        // One snapshot for the heads and the entries, so that nothing falls between them.
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        const position = positionOf((await client.query<HeadRow>(HEADS)).rows);
        for await (const rows of pages<EntryRow>(client, READ, [partitions, from, to])) visit(rows.map(entryOf));
        await client.query('COMMIT');
        client.release();
        return position;
      } catch (error) {
        // The connection is in an unknown state: it must not go back to the pool.
        client.release(true);
        throw error;
      }
    },
  };
}

async function* pages<Row>(client: PoolClient, text: string, values: unknown[]): AsyncGenerator<Row[]> {
  const cursor = client.query(new Cursor<Row>(text, values));
  for (let rows = await cursor.read(PAGE); rows.length > 0; rows = await cursor.read(PAGE)) yield rows;
  await cursor.close();
}

function entryOf({ partition, offset, payload }: EntryRow): JournalEntry {
  return { partition, offset: Number(offset), payload };
}

function positionOf(rows: HeadRow[]): Position {
  return { epoch: Number(rows[0]!.epoch), offsets: rows.map(({ partition, offset }) => [partition, Number(offset)]) };
}
