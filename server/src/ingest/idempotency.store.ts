import type { Pool } from 'pg';

const FIND = `SELECT body_hash FROM idempotency_key
  WHERE organization_id = $1 AND "key" = $2 AND created_at >= now() - interval '24 hours'`;

// Rows that another server removes at this moment are passed over, not waited for.
const FORGET = `DELETE FROM idempotency_key WHERE (organization_id, "key") IN (
    SELECT organization_id, "key" FROM idempotency_key WHERE created_at < now() - interval '24 hours'
    ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)`;

/** The keys of writes. They are made by the journal, in the transaction of their points. */
export function createIdempotencyStore(pool: Pool) {
  return {
    /** SHA-256 of what was stored under a key; undefined when that was more than 24 hours ago, or never. */
    async find(organization: string, key: string): Promise<Uint8Array | undefined> {
      const query = { name: 'find_idempotency_key', text: FIND, values: [organization, key] };
      return (await pool.query<{ body_hash: Buffer }>(query)).rows[0]?.body_hash;
    },

    /** Removes up to `most` keys that are older than 24 hours; how many there were. */
    async forget(most: number): Promise<number> {
      return (await pool.query(FORGET, [most])).rowCount ?? 0;
    },
  };
}

export type IdempotencyStore = ReturnType<typeof createIdempotencyStore>;
