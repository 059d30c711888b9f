import type { Pool } from 'pg';

const FIND = `SELECT "key", body_hash FROM idempotency_key
  WHERE organization_id = $1 AND "key" = ANY($2) AND created_at >= now() - interval '24 hours'`;

// Rows that another server removes at this moment are passed over, not waited for.
const FORGET = `DELETE FROM idempotency_key WHERE (organization_id, "key") IN (
    SELECT organization_id, "key" FROM idempotency_key WHERE created_at < now() - interval '24 hours'
    ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)`;

/** The keys of writes. They are made by the journal, in the transaction of their points. */
export function createIdempotencyStore(pool: Pool) {
  return {
    /** SHA-256 of what was stored under each of these keys. Left out is what was stored more than 24 hours ago, or never. */
    async find(organization: string, keys: string[]): Promise<ReadonlyMap<string, Uint8Array>> {
      const query = { name: 'find_idempotency_keys', text: FIND, values: [organization, keys] };
      const { rows } = await pool.query<{ key: string; body_hash: Buffer }>(query);
      return new Map(rows.map(({ key, body_hash }) => [key, body_hash]));
    },

    /** Removes up to `most` keys that are older than 24 hours; how many there were. */
    async forget(most: number): Promise<number> {
      return (await pool.query(FORGET, [most])).rowCount ?? 0;
    },
  };
}

export type IdempotencyStore = ReturnType<typeof createIdempotencyStore>;
