-- A replica cannot be asked for its timeline. So the primary notes it beside the points, and a replica tells the one that
-- belongs to what it has.
ALTER TABLE "journal_identity" ADD COLUMN "timeline" INTEGER NOT NULL DEFAULT 0;

-- The timeline that the write-ahead log is on, of a primary. Right from the moment of a promotion on, which the control
-- file is not.
CREATE FUNCTION wal_timeline() RETURNS integer
LANGUAGE sql VOLATILE
AS $$
    SELECT (('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint % 65536)::integer
$$;
UPDATE "journal_identity" SET "timeline" = wal_timeline();

-- As before, and on a replica too: there it is the epoch of the points that the replica has. Every append asks for the
-- epoch first, so a new timeline is noted in the same transaction as the first points on it.
CREATE OR REPLACE FUNCTION journal_epoch() RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    known journal_identity%ROWTYPE;
    now_on integer;
BEGIN
    SELECT * INTO STRICT known FROM journal_identity;
    IF pg_is_in_recovery() THEN
        RETURN known.seed::bigint * 65536 + known.timeline;
    END IF;
    now_on := wal_timeline();
    IF known.timeline <> now_on AND current_setting('transaction_read_only') = 'off' THEN
        UPDATE journal_identity SET timeline = now_on WHERE timeline <> now_on;
    END IF;
    RETURN known.seed::bigint * 65536 + now_on;
END
$$;
