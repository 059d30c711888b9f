import type { Pool, PoolClient } from 'pg';
import Cursor from 'pg-cursor';
import { entryOf, HEADS, positionOf, type EntryRow, type HeadRow } from './journal.store.ts';
import { dayOf } from './pieces.ts';
import type { ChunkRow, Level, ReadSnapshot, Snapshot } from './snapshot.ts';

/** Rows that a read holds at a time. */
const PAGE = 500;

const JOURNAL = `SELECT j.partition, j."offset", j.payload FROM compaction c
  JOIN journal j ON j.partition = c.partition AND j."offset" > c.compacted_offset
  WHERE c.partition = ANY($1::smallint[]) AND j.t_max >= $2 AND j.t_min <= $3 ORDER BY j.partition, j."offset"`;

const COLUMNS = 'c.id, c.stream_id, c.t_min, c.t_max, c.count, c.min, c.max, c.first, c.last, c.sum';
// A chunk lies within one day, so the day of `from` is where the first one may begin. This also spares whole partitions.
const IN_RANGE = 'c.t_min >= $1 AND c.t_max >= $2 AND c.t_min <= $3';
const CHUNKS = `SELECT ${COLUMNS}, c.payload AS bytes, true AS is_raw FROM chunk c
  WHERE c.stream_id = ANY($4::int[]) AND ${IN_RANGE} ORDER BY c.stream_id, c.t_min`;
const COUNT = `SELECT coalesce(sum(c.count), 0)::float8 AS points FROM chunk c
  WHERE c.stream_id = ANY($4::int[]) AND ${IN_RANGE}`;
const NEEDS_POINTS = '(c.t_min < $2 OR c.t_max > $3 OR (c.t_max >= w.tail_from AND c.t_min <= w.tail_to))';
// What lies within one interval is told by the statistics of the whole chunk.
const IN_ONE = 'floor(c.t_min / $7::float8) = floor(c.t_max / $7::float8)';
const rollups = (column: Level) => `SELECT ${COLUMNS},
    CASE WHEN ${NEEDS_POINTS} THEN c.payload WHEN ${IN_ONE} THEN NULL ELSE coalesce(c.${column}, c.payload) END AS bytes,
    ${NEEDS_POINTS} OR (c.${column} IS NULL AND NOT ${IN_ONE}) AS is_raw
  FROM unnest($4::int[], $5::float8[], $6::float8[]) AS w(stream_id, tail_from, tail_to)
  JOIN chunk c ON c.stream_id = w.stream_id AND ${IN_RANGE} ORDER BY c.stream_id, c.t_min`;
const ROLLUPS: Record<Level, string> = { minutes: rollups('minutes'), hours: rollups('hours') };

/** Snapshots of PostgreSQL. */
export function createSnapshots(pool: Pool): ReadSnapshot {
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
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await client.query<HeadRow>(HEADS);
      const result = await work({ position: positionOf(rows), ...readsOf(client, signal) });
      await client.query('COMMIT');
      release();
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

function readsOf(client: PoolClient, signal: AbortSignal | undefined): Omit<Snapshot, 'position'> {
  async function visitChunks(text: string, values: unknown[], visit: (rows: ChunkRow[]) => void): Promise<void> {
    // A cursor on a connection that has ended breaks outside of any promise, after its timeout.
    signal?.throwIfAborted();
    for await (const rows of pages<ChunkColumns>(client, text, values)) visit(rows.map(chunkOf));
  }

  return {
    async journal(partitions, { from, to }, visit) {
      signal?.throwIfAborted();
      for await (const rows of pages<EntryRow>(client, JOURNAL, [partitions, from, to])) visit(rows.map(entryOf));
    },

    async count(streams, { from, to }) {
      const { rows } = await client.query<{ points: number }>(COUNT, [dayOf(from), from, to, streams]);
      return rows[0]!.points;
    },

    chunks: (streams, { from, to }, visit) => visitChunks(CHUNKS, [dayOf(from), from, to, streams], visit),

    rollups(tails, { from, to, intervalMs, level }, visit) {
      const columns = [tails.map(({ stream }) => stream), tails.map((tail) => tail.from), tails.map((tail) => tail.to)];
      return visitChunks(ROLLUPS[level], [dayOf(from), from, to, ...columns, intervalMs], visit);
    },
  };
}

type ChunkColumns = {
  id: string;
  stream_id: number;
  t_min: number;
  t_max: number;
  is_raw: boolean;
  bytes: Buffer | null;
} & Pick<ChunkRow, 'count' | 'min' | 'max' | 'first' | 'last' | 'sum'>;

function chunkOf({ id, stream_id, t_min, t_max, is_raw, ...row }: ChunkColumns): ChunkRow {
  return { ...row, id: Number(id), stream: stream_id, tMin: t_min, tMax: t_max, isRaw: is_raw };
}

async function* pages<Row>(client: PoolClient, text: string, values: unknown[]): AsyncGenerator<Row[]> {
  const cursor = client.query(new Cursor<Row>(text, values));
  for (let rows = await cursor.read(PAGE); rows.length > 0; rows = await cursor.read(PAGE)) yield rows;
  await cursor.close();
}
