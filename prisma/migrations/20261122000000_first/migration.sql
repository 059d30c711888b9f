-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "role" AS ENUM ('owner', 'admin', 'editor', 'viewer');

-- CreateEnum
CREATE TYPE "key_kind" AS ENUM ('secret', 'ingest', 'publishable');

-- CreateEnum
CREATE TYPE "stream_kind" AS ENUM ('gauge', 'counter');

-- CreateTable
CREATE TABLE "organization" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_user" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "organization_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "password_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "organization_id" UUID NOT NULL,
    "kind" "key_kind" NOT NULL,
    "name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "origins" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stream" (
    "id" SERIAL NOT NULL,
    "organization_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tags" JSONB NOT NULL,
    "unit" TEXT,
    "kind" "stream_kind" NOT NULL DEFAULT 'gauge',
    "public" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stream_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "partition_head" (
    "partition" SMALLINT NOT NULL,
    "offset" BIGINT NOT NULL DEFAULT 0,
    "compacted_offset" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "partition_head_pkey" PRIMARY KEY ("partition")
);

-- CreateTable
CREATE TABLE "journal_identity" (
    "id" SMALLINT NOT NULL DEFAULT 1,
    "seed" INTEGER NOT NULL DEFAULT (floor((random() * ((1 << 30))::double precision)))::integer,

    CONSTRAINT "journal_identity_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "journal" (
    "partition" SMALLINT NOT NULL,
    "offset" BIGINT NOT NULL,
    "committed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "t_min" DOUBLE PRECISION NOT NULL,
    "t_max" DOUBLE PRECISION NOT NULL,
    "payload" BYTEA NOT NULL,

    CONSTRAINT "journal_pkey" PRIMARY KEY ("partition","offset")
);

-- CreateIndex
CREATE UNIQUE INDEX "app_user_email_key" ON "app_user"("email");

-- CreateIndex
CREATE INDEX "app_user_organization_id_idx" ON "app_user"("organization_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_hash_key" ON "api_key"("hash");

-- CreateIndex
CREATE INDEX "api_key_organization_id_idx" ON "api_key"("organization_id");

-- CreateIndex
CREATE INDEX "stream_organization_id_name_idx" ON "stream"("organization_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "stream_organization_id_key_key" ON "stream"("organization_id", "key");

-- CreateIndex
CREATE INDEX "journal_partition_t_max_idx" ON "journal"("partition", "t_max");

-- AddForeignKey
ALTER TABLE "app_user" ADD CONSTRAINT "app_user_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stream" ADD CONSTRAINT "stream_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- From here on by hand: what the schema language cannot say.

-- One user per address, however it is written.
ALTER TABLE "app_user" ADD CONSTRAINT "app_user_email_lower" CHECK ("email" = lower("email"));

ALTER TABLE "api_key" ADD CONSTRAINT "api_key_hash_sha256" CHECK (octet_length("hash") = 32);

-- The heads are updated with every commit. Half of the page is left free, so that the new version of a row has room
-- beside the old one and no index is touched.
ALTER TABLE "partition_head" SET (fillfactor = 50);
ALTER TABLE "partition_head"
    ADD CONSTRAINT "partition_head_offset" CHECK ("offset" >= 0),
    ADD CONSTRAINT "partition_head_compacted" CHECK ("compacted_offset" BETWEEN 0 AND "offset");
INSERT INTO "partition_head" ("partition") SELECT generate_series(0, 7);

ALTER TABLE "journal_identity"
    ADD CONSTRAINT "journal_identity_one_row" CHECK ("id" = 1),
    ADD CONSTRAINT "journal_identity_seed" CHECK ("seed" >= 0);
INSERT INTO "journal_identity" DEFAULT VALUES;

-- Codec blocks do not shrink any further: do not try.
ALTER TABLE "journal" ALTER COLUMN "payload" SET STORAGE EXTERNAL;
ALTER TABLE "journal"
    ADD CONSTRAINT "journal_offset" CHECK ("offset" > 0),
    ADD CONSTRAINT "journal_times" CHECK ("t_min" <= "t_max");

-- Which life of the journal this is. Offsets mean something within one epoch only: a failover, a promotion and a restore
-- begin a new timeline of the write-ahead log, a rebuild a new seed. Below 2^46, so exact in a float64.
CREATE FUNCTION journal_epoch() RETURNS bigint
LANGUAGE sql STABLE
AS $$
    SELECT seed::bigint * 65536
         + ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint % 65536
    FROM journal_identity
$$;

-- Appends one entry to each of some partitions, in the caller's transaction, and says which offsets they got. The row
-- of the head is locked until the commit, so commit order is offset order, and a rollback leaves no hole. Partitions
-- come in ascending order: two appends that lock in the same order cannot wait for each other in a circle.
CREATE FUNCTION append_journal(
    partitions smallint[],
    payloads bytea[],
    t_mins double precision[],
    t_maxs double precision[]
)
RETURNS TABLE (entry_partition smallint, entry_offset bigint, epoch bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    entries CONSTANT integer := cardinality(partitions);
BEGIN
    IF (entries, entries, entries) IS DISTINCT FROM (cardinality(payloads), cardinality(t_mins), cardinality(t_maxs)) THEN
        RAISE EXCEPTION 'append_journal: the arrays differ in length' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    epoch := journal_epoch();
    FOR i IN 1 .. entries LOOP
        IF i > 1 AND partitions[i] <= entry_partition THEN
            RAISE EXCEPTION 'append_journal: partition % comes after %', partitions[i], entry_partition
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Sort the partitions, and name each at most once.';
        END IF;
        entry_partition := partitions[i];
        UPDATE partition_head SET "offset" = "offset" + 1 WHERE "partition" = entry_partition RETURNING "offset" INTO entry_offset;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'append_journal: there is no partition %', entry_partition USING ERRCODE = 'invalid_parameter_value';
        END IF;
        INSERT INTO journal ("partition", "offset", t_min, t_max, payload)
        VALUES (entry_partition, entry_offset, t_mins[i], t_maxs[i], payloads[i]);
        RETURN NEXT;
    END LOOP;
END
$$;
