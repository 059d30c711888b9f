import { blocksOf } from '@quantumflux/sdk/protocol';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { entryOf, positionOf, type EntryRow, type HeadRow } from './journal.store.ts';
import type { StreamMonth } from './month.ts';
import { dayOf } from './pieces.ts';
import { readRows } from './rollup.ts';
import type { ChunkRow, Level, ReadSnapshot, Snapshot, Tail } from './snapshot.ts';
import { partitionOf } from './stream.ts';
import type { RecentEntries } from './recent-entries.ts';

/** Rows that a read holds at a time. */
const PAGE = 500;

/** Streams of which much is read at a time. */
const STREAMS = 25;

// One way to the database and back. What is pending is told by the same moment as what is in chunks. Plans are made once:
// to plan for a table of many partitions takes longer than to read it.
const BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan;
  SELECT h.partition, h."offset", c.compacted_offset, (SELECT journal_epoch()) AS epoch
  FROM partition_head h JOIN compaction c USING (partition) ORDER BY partition`;

const JOURNAL = `SELECT partition, "offset", payload FROM journal
  WHERE partition = $1 AND "offset" > $2 AND "offset" <= $3 AND t_max >= $4 AND t_min <= $5 ORDER BY "offset" LIMIT ${PAGE}`;

// A chunk lies within one day, so the day of `from` is where the first one may begin. This also spares whole partitions.
const IN_RANGE = 'stream_id = ANY($1::int[]) AND t_min >= $2 AND t_max >= $3 AND t_min <= $4';
const page = (after: string, time: string) =>
  `(stream_id, t_min) > (${after}, ${time}) ORDER BY stream_id, t_min LIMIT ${PAGE}`;
const CHUNKS = `SELECT id, stream_id, t_min, count, payload AS bytes, true AS is_raw FROM chunk
  WHERE ${IN_RANGE} AND ${page('$5', '$6')}`;

const COUNT = `SELECT coalesce(sum(count), 0)::float8 AS points FROM chunk WHERE ${IN_RANGE}`;

// From and to of the tails, in the order of the streams.
const tail = (edges: string) => `(${edges}::float8[])[array_position($1, stream_id)]`;
const NEEDS_POINTS = `(t_min < $3 OR t_max > $4 OR (t_max >= ${tail('$5')} AND t_min <= ${tail('$6')}))`;
// What lies within one interval is told by the statistics of the whole chunk.
const IS_WHOLE = `(NOT ${NEEDS_POINTS} AND floor(t_min / $7::float8) = floor(t_max / $7::float8))`;
const rollups = (column: Level) => `SELECT id, stream_id, t_min, count,
    CASE WHEN ${NEEDS_POINTS} THEN payload ELSE coalesce(${column}, payload) END AS bytes,
    ${NEEDS_POINTS} OR ${column} IS NULL AS is_raw
  FROM chunk WHERE ${IN_RANGE} AND NOT ${IS_WHOLE} AND ${page('$8', '$9')}`;
const ROLLUPS: Record<Level, string> = { minutes: rollups('minutes'), hours: rollups('hours') };

// As bytes: thousands of rows of numbers in words take ten times as long to be understood (bench/results.md).
const ROW = ['t_min', 'min', 'max', 'first', 'last', 'sum', 'count'].map((name) => `float8send(${name})`).join(' || ');
const WHOLE = `SELECT stream_id, string_agg(${ROW}, ''::bytea) AS rows
  FROM chunk WHERE ${IN_RANGE} AND ${IS_WHOLE} GROUP BY stream_id`;

const OPEN_MONTHS = `SELECT stream_id AS stream, month FROM month_rollup
  WHERE stream_id = ANY($1::int[]) AND month = ANY($2::float8[]) AND hours IS NULL`;
const MONTHS = `SELECT stream_id AS stream, month, hours FROM month_rollup
  WHERE stream_id = ANY($1::int[]) AND month >= $2 AND month < $3 AND hours IS NOT NULL ORDER BY stream_id, month`;

/** Snapshots of PostgreSQL. What the server has seen of the journal lately is taken from there. */
export function createSnapshots(pool: Pool, recent?: RecentEntries): ReadSnapshot {
  return async (work, signal) => {
    signal?.throwIfAborted();
    const client = await pool.connect();
    // Once: a connection that was let go belongs to somebody else.
    let isHeld = true;
    const release = (destroy = false) => {
      if (isHeld) client.release(destroy);
      isHeld = false;
    };
    // Its end also ends the statement that is running: for us now, in the database at its statement_timeout at the latest.
    const leave = () => release(true);
    signal?.addEventListener('abort', leave);
    try {
      signal?.throwIfAborted();
      // Several statements have several results, which the types do not know.
      const results = (await client.query(BEGIN)) as unknown as QueryResult<PendingRow>[];
      const { rows } = results.at(-1)!;
      const result = await work({ position: positionOf(rows), ...readsOf(client, rows, recent) });
      // Nobody has to wait for the end of what changes nothing.
      client.query('COMMIT').then(
        () => release(),
        () => release(true),
      );
      return result;
    } catch (error) {
      // The connection is in an unknown state: it must not go back to the pool.
      release(true);
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  };
}

type PendingRow = HeadRow & { compacted_offset: string };

function readsOf(client: PoolClient, pending: PendingRow[], recent?: RecentEntries): Omit<Snapshot, 'position'> {
  /** Rows after rows, as many at a time as one read may hold. */
  async function visitPages(
    query: { name: string; text: string; values: unknown[] },
    visit: (rows: ChunkRow[]) => void,
  ): Promise<void> {
    let after = [-1, -Infinity];
    for (;;) {
      const { rows } = await client.query<ChunkColumns>({ ...query, values: [...query.values, ...after] });
      visit(rows.map(chunkOf));
      if (rows.length < PAGE) return;
      after = [rows.at(-1)!.stream_id, rows.at(-1)!.t_min];
    }
  }

  return {
    async journal(streams, { from, to }, visit) {
      for (const row of pending) {
        const partition = row.partition;
        const wanted = streams.filter((id) => partitionOf(id) === partition);
        const last = Number(row.offset);
        let after = Number(row.compacted_offset);
        if (wanted.length === 0 || after === last) continue;
        if (recent?.visit({ partition, after, last }, wanted, visit)) continue;
        const known = new Set(wanted);
        for (;;) {
          const query = { name: 'journal_page', text: JOURNAL, values: [partition, after, last, from, to] };
          const { rows } = await client.query<EntryRow>(query);
          for (const { offset, payload } of rows.map(entryOf)) {
            for (const block of blocksOf(payload)) {
              if (known.has(block.stream)) visit({ ...block, partition, offset });
            }
          }
          if (rows.length < PAGE) break;
          after = Number(rows.at(-1)!.offset);
        }
      }
    },

    async count(streams, { from, to }) {
      const query = { name: 'count_points', text: COUNT, values: [streams, dayOf(from), from, to] };
      return (await client.query<{ points: number }>(query)).rows[0]!.points;
    },

    chunks: (streams, { from, to }, visit) =>
      visitPages({ name: 'chunks', text: CHUNKS, values: [streams, dayOf(from), from, to] }, visit),

    async openMonths(streams, months) {
      const query = { name: 'open_months', text: OPEN_MONTHS, values: [streams, months] };
      return (await client.query<StreamMonth>(query)).rows;
    },

    async months(streams, { start, end }, visit) {
      for (let i = 0; i < streams.length; i += STREAMS) {
        const values = [streams.slice(i, i + STREAMS), start, end];
        const { rows } = await client.query<StreamMonth & { hours: Buffer }>({ name: 'months', text: MONTHS, values });
        rows.forEach(visit);
      }
    },

    async rollups(tails, { from, to, intervalMs, level }, visit) {
      const values = (some: Tail[]) => [
        some.map(({ stream }) => stream),
        ...[dayOf(from), from, to],
        ...[some.map((tail) => tail.from), some.map((tail) => tail.to)],
        intervalMs,
      ];
      await visitPages({ name: `chunk_${level}`, text: ROLLUPS[level], values: values(tails) }, visit.rows);
      for (let i = 0; i < tails.length; i += STREAMS) {
        const whole = { name: 'whole_chunks', text: WHOLE, values: values(tails.slice(i, i + STREAMS)) };
        const { rows } = await client.query<{ stream_id: number; rows: Buffer }>(whole);
        for (const row of rows) visit.whole(row.stream_id, readRows(row.rows));
      }
    },
  };
}

export type ChunkColumns = {
  id: string;
  stream_id: number;
  t_min: number;
  count: number;
  is_raw: boolean;
  bytes: Buffer;
};

export function chunkOf({ id, stream_id, t_min, count, is_raw, bytes }: ChunkColumns): ChunkRow {
  return { id: Number(id), stream: stream_id, tMin: t_min, count, isRaw: is_raw, bytes };
}
