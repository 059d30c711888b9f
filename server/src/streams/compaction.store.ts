import type { Pool, PoolClient } from 'pg';
import type { NewChunk } from './chunk.ts';
import type { CompactionStore, Due, Held, HeldMonths, StoredSpan } from './compaction.ts';
import type { Span } from './merge-plan.ts';
import { isOver, monthAfter, monthOf, type StreamMonth } from './month.ts';
import type { Piece } from './pieces.ts';
import { chunkOf, type ChunkColumns } from './snapshot.store.ts';

/** Chunks that are looked at on each side of new points. Each is twice as large as its successor, so there are few. */
const NEIGHBOURS = 16;

/** Months of streams that are put together in one transaction. */
const MONTHS = 20;

/** Rows that one statement deletes. */
const DELETED = 2_000;

// Whoever is compacting holds the row. The pending entries are looked at only as far as it takes to know.
const CLAIM = `SELECT c.partition, c.compacted_offset,
    extract(epoch FROM now() - pending.oldest)::float8 * 1000 AS age_ms
  FROM compaction c CROSS JOIN LATERAL (
    SELECT count(*) AS entries, sum(octet_length(payload)) AS bytes, min(committed_at) AS oldest FROM (
      SELECT payload, committed_at FROM journal j WHERE j.partition = c.partition AND j."offset" > c.compacted_offset
      ORDER BY j."offset" LIMIT $1) AS rows
  ) AS pending
  WHERE pending.entries >= $1 OR pending.bytes >= $2 OR pending.oldest <= now() - $3 * interval '1 ms'
  ORDER BY pending.oldest LIMIT 1 FOR UPDATE OF c SKIP LOCKED`;
// The running sum stops the read at a number of bytes, but never before the first row.
const PENDING = `SELECT "offset", payload FROM (
    SELECT "offset", payload, sum(octet_length(payload)) OVER (ORDER BY "offset") - octet_length(payload) AS before
    FROM (SELECT * FROM journal WHERE partition = $1 AND "offset" > $2 ORDER BY "offset" LIMIT $3) AS rows
  ) AS summed WHERE before < $4 ORDER BY "offset"`;
const AROUND = `SELECT w.place, c.id, c.t_min, c.t_max, c.count
  FROM unnest($1::int[], $2::int[], $3::float8[], $4::float8[], $5::float8[])
    AS w(place, stream_id, day, t_min, t_max)
  CROSS JOIN LATERAL (
    (SELECT id, t_min, t_max, count FROM chunk
      WHERE stream_id = w.stream_id AND t_min >= w.day AND t_min < w.t_min ORDER BY t_min DESC LIMIT ${NEIGHBOURS})
    UNION ALL
    (SELECT id, t_min, t_max, count FROM chunk
      WHERE stream_id = w.stream_id AND t_min >= w.t_min AND t_min <= w.t_max)
    UNION ALL
    (SELECT id, t_min, t_max, count FROM chunk
      WHERE stream_id = w.stream_id AND t_min > w.t_max AND t_min < w.day + 86400000 ORDER BY t_min LIMIT ${NEIGHBOURS})
  ) AS c`;
const PAYLOADS = `SELECT c.id, c.payload FROM unnest($1::int[], $2::float8[], $3::bigint[]) AS w(stream_id, t_min, id)
  JOIN chunk c ON c.stream_id = w.stream_id AND c.t_min = w.t_min AND c.id = w.id`;
const REMOVE = `DELETE FROM chunk c USING unnest($1::int[], $2::float8[], $3::bigint[]) AS w(stream_id, t_min, id)
  WHERE c.stream_id = w.stream_id AND c.t_min = w.t_min AND c.id = w.id`;
// The points of a stream that is no more go with it.
const ADD = `INSERT INTO chunk (organization_id, stream_id, t_min, t_max, count, min, max, first, last, sum, payload, minutes, hours)
  SELECT stream.organization_id, new.* FROM unnest($1::int[], $2::float8[], $3::float8[], $4::int[],
      $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::bytea[], $11::bytea[], $12::bytea[])
    AS new(stream_id, t_min, t_max, count, min, max, first, last, sum, payload, minutes, hours)
  JOIN stream ON stream.id = new.stream_id`;
// A month that has its hours loses them; one that is new is to get them.
const NOTE_MONTHS = `INSERT INTO month_rollup (organization_id, stream_id, month)
  SELECT stream.organization_id, new.* FROM unnest($1::int[], $2::float8[]) AS new(stream_id, month)
  JOIN stream ON stream.id = new.stream_id ON CONFLICT DO NOTHING`;
const FORGET_HOURS = `UPDATE month_rollup m SET hours = NULL FROM unnest($1::int[], $2::float8[]) AS w(stream_id, month)
  WHERE m.stream_id = w.stream_id AND m.month = w.month AND m.hours IS NOT NULL`;
const CLAIM_MONTHS = `SELECT m.stream_id AS stream, m.month FROM compaction c CROSS JOIN LATERAL (
    SELECT stream_id, month FROM month_rollup
    WHERE hours IS NULL AND month < $1 AND stream_id % (SELECT count(*) FROM compaction) = c.partition LIMIT ${MONTHS}
  ) AS m LIMIT ${MONTHS} FOR UPDATE OF c SKIP LOCKED`;
const MONTH_CHUNKS = `SELECT id, stream_id, t_min, count, coalesce(hours, payload) AS bytes, hours IS NULL AS is_raw
  FROM chunk WHERE stream_id = $1 AND t_min >= $2 AND t_min < $3 ORDER BY t_min`;
const STORE_HOURS = 'UPDATE month_rollup SET hours = $3 WHERE stream_id = $1 AND month = $2';
const DROP_MONTH = 'DELETE FROM month_rollup WHERE stream_id = $1 AND month = $2';
const TRIM = `DELETE FROM journal USING (
    SELECT oldest.partition, oldest."offset" FROM compaction c CROSS JOIN LATERAL (
      SELECT j.partition, j."offset", j.committed_at FROM journal j
      WHERE j.partition = c.partition AND j."offset" <= c.compacted_offset ORDER BY j."offset" LIMIT ${DELETED}
    ) AS oldest WHERE oldest.committed_at < now() - $1 * interval '1 ms' LIMIT ${DELETED}
  ) AS old WHERE journal.partition = old.partition AND journal."offset" = old."offset"`;
const EXPIRE = `DELETE FROM chunk USING (
    SELECT c.stream_id, c.t_min, c.id FROM stream s CROSS JOIN LATERAL (
      SELECT stream_id, t_min, id FROM chunk WHERE stream_id = s.id
        AND t_min < extract(epoch FROM now())::float8 * 1000 - s.retention_ms
        AND t_max < extract(epoch FROM now())::float8 * 1000 - s.retention_ms LIMIT ${DELETED}
    ) AS c WHERE s.retention_ms IS NOT NULL LIMIT ${DELETED}
  ) AS old WHERE chunk.stream_id = old.stream_id AND chunk.t_min = old.t_min AND chunk.id = old.id
  RETURNING chunk.stream_id AS stream, chunk.t_min AS "tMin"`;
const LAG = `SELECT coalesce(extract(epoch FROM now() - min(j.committed_at))::float8 * 1000, 0) AS lag_ms
  FROM compaction c JOIN journal j ON j.partition = c.partition AND j."offset" = c.compacted_offset + 1`;

/** Entries and bytes that a step reads at most; at least one entry. */
const STEP = { entries: 4_000, bytes: 1_024 * 1_024 };

/** The tables of the compactor in PostgreSQL. */
export function createCompactionStore(pool: Pool): CompactionStore {
  async function deleteSome(text: string, values: unknown[] = []): Promise<{ more: boolean }> {
    return { more: (await pool.query(text, values)).rowCount === DELETED };
  }

  async function transact<Held, T>(
    claim: (client: PoolClient) => Promise<Held | undefined>,
    work: (held: Held, client: PoolClient) => Promise<T>,
  ): Promise<T | undefined> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const held = await claim(client);
      const result = held && (await work(held, client));
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      // The connection is in an unknown state, and its end takes back what the step did.
      client.release(true);
      throw error;
    }
  }

  return {
    hold: (due, work) => transact((client) => claim(client, due), work),
    holdMonths: (before, work) => transact((client) => claimMonths(client, before), work),
    makeMonth: async (month) => void (await pool.query('SELECT make_chunk_partition($1::date)', [month])),
    trimJournal: (olderThanMs) => deleteSome(TRIM, [olderThanMs]),
    async expireChunks() {
      const expired = await transact(
        async (client) => (await client.query<StreamTime>(EXPIRE)).rows,
        async (chunks, client) => (await forgetHours(client, monthsOf(chunks)), chunks.length),
      );
      return { more: expired === DELETED };
    },
    async dropMonth() {
      const { rows } = await pool.query<{ more: boolean }>('SELECT drop_expired_chunk_partition() AS more');
      return rows[0]!;
    },
    lag: async () => (await pool.query<{ lag_ms: number }>(LAG)).rows[0]!.lag_ms,
  };
}

type Claimed = { partition: number; compacted_offset: string; age_ms: number };

async function claim(client: PoolClient, { ageMs, entries, bytes }: Due): Promise<Held | undefined> {
  const { rows } = await client.query<Claimed>(CLAIM, [entries, bytes, ageMs]);
  if (!rows[0]) return undefined;
  const { partition, compacted_offset, age_ms } = rows[0];
  // Statistics lag behind what a step writes; joins must go along the key also while they say that the table is small.
  await client.query('SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off');
  const limits = [STEP.entries, STEP.bytes];
  const pending = await client.query<{ offset: string; payload: Buffer }>(PENDING, [
    partition,
    compacted_offset,
    ...limits,
  ]);
  return {
    entries: pending.rows.map(({ offset, payload }) => ({ partition, offset: Number(offset), payload })),
    ageMs: age_ms,
    chunksAround: (pieces) => chunksAround(client, pieces),
    payloads: (chunks) => payloads(client, chunks),
    replace: (removed, added) => replace(client, removed, added),
    advance: async (offset) =>
      void (await client.query('UPDATE compaction SET compacted_offset = $2 WHERE partition = $1', [
        partition,
        offset,
      ])),
  };
}

async function claimMonths(client: PoolClient, before: number): Promise<HeldMonths | undefined> {
  const { rows: months } = await client.query<StreamMonth>(CLAIM_MONTHS, [before]);
  if (months.length === 0) return undefined;
  return {
    months,
    async chunks({ stream, month }) {
      const query = { name: 'month_chunks', text: MONTH_CHUNKS, values: [stream, month, monthAfter(month)] };
      return (await client.query<ChunkColumns>(query)).rows.map(chunkOf);
    },
    async store({ stream, month }, hours) {
      await (hours ? client.query(STORE_HOURS, [stream, month, hours]) : client.query(DROP_MONTH, [stream, month]));
    },
  };
}

type AroundRow = { place: number; id: string; t_min: number; t_max: number; count: number };

async function chunksAround(client: PoolClient, pieces: Piece[]): Promise<Span[][]> {
  const found: Span[][] = pieces.map(() => []);
  const { rows } = await client.query<AroundRow>({
    name: 'chunks_around',
    text: AROUND,
    values: [
      pieces.map((_, place) => place),
      pieces.map(({ stream }) => stream),
      pieces.map(({ day }) => day),
      pieces.map(({ columns }) => columns.times[0]),
      pieces.map(({ columns }) => columns.times.at(-1)),
    ],
  });
  for (const { place, id, t_min, t_max, count } of rows) {
    found[place]!.push({ id: Number(id), tMin: t_min, tMax: t_max, count });
  }
  return found;
}

async function payloads(client: PoolClient, chunks: StoredSpan[]): Promise<Map<number, Uint8Array>> {
  if (chunks.length === 0) return new Map();
  const query = { name: 'chunk_payloads', text: PAYLOADS, values: keysOf(chunks) };
  const { rows } = await client.query<{ id: string; payload: Buffer }>(query);
  return new Map(rows.map(({ id, payload }) => [Number(id), payload]));
}

async function replace(client: PoolClient, removed: StoredSpan[], added: NewChunk[]): Promise<void> {
  if (removed.length > 0) await client.query({ name: 'remove_chunks', text: REMOVE, values: keysOf(removed) });
  await client.query({
    name: 'add_chunks',
    text: ADD,
    values: [
      added.map(({ stream }) => stream),
      added.map(({ tMin }) => tMin),
      added.map(({ tMax }) => tMax),
      ...(['count', 'min', 'max', 'first', 'last', 'sum'] as const).map((name) => added.map(({ day }) => day[name][0])),
      added.map(({ payload }) => payload),
      added.map(({ minutes }) => minutes),
      added.map(({ hours }) => hours),
    ],
  });
  await noteMonths(client, added);
}

/** The hours of the months that new chunks lie in no longer hold. */
async function noteMonths(client: PoolClient, chunks: NewChunk[]): Promise<void> {
  const months = monthsOf(chunks);
  await client.query({ name: 'note_months', text: NOTE_MONTHS, values: columnsOf(months) });
  // A month that is not over has no hours that could be wrong.
  await forgetHours(
    client,
    months.filter(({ month }) => isOver(month)),
  );
}

async function forgetHours(client: PoolClient, months: StreamMonth[]): Promise<void> {
  if (months.length === 0) return;
  await client.query({ name: 'forget_hours', text: FORGET_HOURS, values: columnsOf(months) });
}

type StreamTime = { stream: number; tMin: number };

/** The months that these lie in, each once. */
function monthsOf(chunks: StreamTime[]): StreamMonth[] {
  const months = new Map<string, StreamMonth>();
  for (const { stream, tMin } of chunks) {
    const month = monthOf(tMin);
    if (month !== undefined) months.set(`${stream} ${month}`, { stream, month });
  }
  return [...months.values()];
}

function columnsOf(months: StreamMonth[]): unknown[][] {
  return [months.map(({ stream }) => stream), months.map(({ month }) => month)];
}

function keysOf(chunks: StoredSpan[]): unknown[][] {
  return [chunks.map(({ stream }) => stream), chunks.map(({ tMin }) => tMin), chunks.map(({ id }) => id)];
}
