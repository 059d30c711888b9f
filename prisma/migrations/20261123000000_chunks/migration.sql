-- What was compacted is told by a row of its own: a step that takes seconds must not hold up those who append.
CREATE TABLE "compaction" (
    "partition" SMALLINT NOT NULL,
    "compacted_offset" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "compaction_pkey" PRIMARY KEY ("partition"),
    CONSTRAINT "compaction_offset" CHECK ("compacted_offset" >= 0)
);
INSERT INTO "compaction" ("partition") SELECT "partition" FROM "partition_head";
ALTER TABLE "partition_head" DROP COLUMN "compacted_offset";

-- Questions read the journal after the compacted offset only, which is short, and along its key.
DROP INDEX "journal_partition_t_max_idx";
-- Compacted rows are deleted steadily; their room is wanted for the next ones soon (see docs/decisions).
ALTER TABLE "journal" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

ALTER TABLE "stream" ADD COLUMN "retention_ms" DOUBLE PRECISION;
ALTER TABLE "stream" ADD CONSTRAINT "stream_retention" CHECK ("retention_ms" > 0);

-- Points of one stream between two times, inclusive, in ms since the epoch, with their own rollups. A chunk does not cross
-- a UTC day, and no two chunks of a stream overlap.
CREATE SEQUENCE "chunk_id_seq";
CREATE TABLE "chunk" (
    "organization_id" UUID NOT NULL,
    "stream_id" INTEGER NOT NULL,
    "id" BIGINT NOT NULL DEFAULT nextval('chunk_id_seq'),
    "t_min" DOUBLE PRECISION NOT NULL,
    "t_max" DOUBLE PRECISION NOT NULL,
    "count" INTEGER NOT NULL,
    "min" DOUBLE PRECISION NOT NULL,
    "max" DOUBLE PRECISION NOT NULL,
    "first" DOUBLE PRECISION NOT NULL,
    "last" DOUBLE PRECISION NOT NULL,
    "sum" DOUBLE PRECISION NOT NULL,
    "payload" BYTEA NOT NULL,
    "minutes" BYTEA,
    "hours" BYTEA,

    CONSTRAINT "chunk_pkey" PRIMARY KEY ("stream_id", "t_min", "id"),
    CONSTRAINT "chunk_times" CHECK ("t_min" <= "t_max" AND "count" > 0)
) PARTITION BY RANGE ("t_min");
ALTER SEQUENCE "chunk_id_seq" OWNED BY "chunk"."id";

-- Columns of codec blocks do not shrink any further: do not try.
ALTER TABLE "chunk"
    ALTER COLUMN "payload" SET STORAGE EXTERNAL,
    ALTER COLUMN "minutes" SET STORAGE EXTERNAL,
    ALTER COLUMN "hours" SET STORAGE EXTERNAL;

-- Holds what no month has a partition for: times far from now.
CREATE TABLE "chunk_other" PARTITION OF "chunk" DEFAULT;

-- Makes the partition of the UTC month that begins on this day, unless it is there, and moves into it what waited elsewhere.
CREATE FUNCTION make_chunk_partition(month date)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    name CONSTANT text := to_char(month, '"chunk_"YYYY"_"MM');
    from_ms CONSTANT double precision := extract(epoch FROM month) * 1000;
    to_ms CONSTANT double precision := extract(epoch FROM month + interval '1 month') * 1000;
BEGIN
    -- Of servers that need the same month, one makes it.
    PERFORM pg_advisory_xact_lock(hashtext('make_chunk_partition'));
    IF to_regclass(quote_ident(name)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE chunk INCLUDING ALL)', name);
    LOCK TABLE chunk_other IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('WITH moved AS (DELETE FROM chunk_other WHERE t_min >= $1 AND t_min < $2 RETURNING *)
        INSERT INTO %I SELECT * FROM moved', name) USING from_ms, to_ms;
    EXECUTE format('ALTER TABLE chunk ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, from_ms, to_ms);
END
$$;
