import type { Position } from '@quantumflux/sdk/protocol';
import type { Pool } from 'pg';
import type { Claim, Journal, JournalEntry } from './journal.ts';

const APPEND = `SELECT entry_partition AS partition, entry_offset AS "offset", epoch
  FROM append_journal($1::smallint[], $2::bytea[], $3::float8[], $4::float8[])`;
const APPEND_ONCE = `SELECT entry_partition AS partition, entry_offset AS "offset", epoch
  FROM append_journal_once($5::uuid[], $6::text[], $7::bytea[], $1::smallint[], $2::bytea[], $3::float8[], $4::float8[])`;
/** How far the partitions are. */
export const HEADS = `SELECT partition, "offset", journal_epoch() AS epoch FROM partition_head ORDER BY partition`;
// The running sum stops the read at a number of bytes, but never before the first row.
const AFTER = `SELECT partition, "offset", payload FROM (
    SELECT partition, "offset", payload, sum(octet_length(payload)) OVER (ORDER BY "offset") - octet_length(payload) AS before
    FROM (SELECT * FROM journal WHERE partition = $1 AND "offset" > $2 ORDER BY "offset" LIMIT $3) AS rows
  ) AS summed WHERE before < $4 ORDER BY "offset"`;

export type EntryRow = { partition: number; offset: string; payload: Buffer };
export type HeadRow = { partition: number; offset: string; epoch: string };

/** The journal in PostgreSQL. */
export function createJournalStore(pool: Pool): Journal {
  return {
    async append(entries, claims = []) {
      const ordered = entries.toSorted((a, b) => a.partition - b.partition);
      const values = [
        ordered.map(({ partition }) => partition),
        ordered.map(({ payload }) => payload),
        ordered.map(({ tMin }) => tMin),
        ordered.map(({ tMax }) => tMax),
      ];
      const { rows } = await pool.query<HeadRow>(
        claims.length === 0
          ? { name: 'append_journal', text: APPEND, values }
          : { name: 'append_journal_once', text: APPEND_ONCE, values: [...values, ...columnsOf(claims)] },
      );
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
  };
}

function columnsOf(claims: Claim[]): unknown[][] {
  return [claims.map(({ organization }) => organization), claims.map(({ key }) => key), claims.map(({ hash }) => hash)];
}

export function entryOf({ partition, offset, payload }: EntryRow): JournalEntry {
  return { partition, offset: Number(offset), payload };
}

/** The position that the rows of `HEADS` tell. */
export function positionOf(rows: HeadRow[]): Position {
  return { epoch: Number(rows[0]!.epoch), offsets: rows.map(({ partition, offset }) => [partition, Number(offset)]) };
}
