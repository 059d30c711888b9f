-- CreateTable
CREATE TABLE "idempotency_key" (
    "organization_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "body_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("organization_id","key")
);

-- CreateIndex
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");

-- From here on by hand: what the schema language cannot say.

ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_sha256" CHECK (octet_length("body_hash") = 32);

-- append_journal for writes of which some carry an idempotency key: the keys are taken in the transaction of the points,
-- so a key is there if and only if its points are. When one of them is taken already, nothing is stored at all. The keys
-- come before the heads, each in one order, so that two appends cannot wait for each other in a circle, and so that an
-- append that waits for another server's key does not hold a head meanwhile.
CREATE FUNCTION append_journal_once(
    organizations uuid[],
    keys text[],
    body_hashes bytea[],
    partitions smallint[],
    payloads bytea[],
    t_mins double precision[],
    t_maxs double precision[]
)
RETURNS TABLE (entry_partition smallint, entry_offset bigint, epoch bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    taken bigint;
BEGIN
    INSERT INTO idempotency_key AS known (organization_id, "key", body_hash)
    SELECT * FROM unnest(organizations, keys, body_hashes) AS claimed (organization_id, "key", body_hash)
    ORDER BY claimed.organization_id, claimed."key"
    ON CONFLICT (organization_id, "key") DO UPDATE SET body_hash = EXCLUDED.body_hash, created_at = now()
    -- One that is old enough is as good as gone, whether it was cleaned up yet or not.
    WHERE known.created_at < now() - interval '24 hours';
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken < cardinality(keys) THEN
        RAISE EXCEPTION 'append_journal_once: an idempotency key is taken'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'idempotency_key_pkey';
    END IF;
    RETURN QUERY SELECT * FROM append_journal(partitions, payloads, t_mins, t_maxs);
END
$$;
