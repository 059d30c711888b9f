-- The hours of a UTC month of a stream, put together from its chunks once the month is over, so that a question about a year
-- need not visit thousands of chunks. There is a row for every month in which the stream has a chunk; without hours it is
-- still to be made, or to be made again.
CREATE TABLE "month_rollup" (
    "organization_id" UUID NOT NULL,
    "stream_id" INTEGER NOT NULL,
    "month" DOUBLE PRECISION NOT NULL,
    "hours" BYTEA,

    CONSTRAINT "month_rollup_pkey" PRIMARY KEY ("stream_id", "month")
);

-- Codec blocks do not shrink any further: do not try.
ALTER TABLE "month_rollup" ALTER COLUMN "hours" SET STORAGE EXTERNAL;

-- Finds what is to be made.
CREATE INDEX "month_rollup_missing_idx" ON "month_rollup" ("month") WHERE "hours" IS NULL;

-- Times before 1970 and after 2199 have no such rows.
INSERT INTO "month_rollup"
SELECT DISTINCT organization_id, stream_id,
    extract(epoch FROM date_trunc('month', to_timestamp(t_min / 1000) AT TIME ZONE 'UTC'))::double precision * 1000
FROM "chunk" WHERE t_min >= 0 AND t_min < 7258118400000;
