-- Drops the oldest partition of chunks of which everything is expired, and says whether there was one. A chunk does not cross
-- a day, so what lies in a month is expired once the month has been over for as long as its stream is kept. Streams that are
-- no more need nothing. The tables of chunks stand still meanwhile; whoever cannot have them at once tries again later,
-- because everybody who asks after him would wait behind him.
CREATE FUNCTION drop_expired_chunk_partition()
RETURNS boolean
LANGUAGE plpgsql
SET lock_timeout = '100ms'
-- One look along the key per stream that is kept, however small the statistics say that the partition is.
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
    now_ms CONSTANT double precision := extract(epoch FROM now()) * 1000;
    month record;
    is_needed boolean;
BEGIN
    -- Of servers that look at the same time, one does it.
    IF NOT pg_try_advisory_xact_lock(hashtext('make_chunk_partition')) THEN
        RETURN false;
    END IF;
    FOR month IN
        SELECT name, from_ms, to_ms FROM (
            SELECT relname AS name,
                extract(epoch FROM to_date(substr(relname, 7), 'YYYY_MM')) * 1000 AS from_ms,
                extract(epoch FROM to_date(substr(relname, 7), 'YYYY_MM') + interval '1 month') * 1000 AS to_ms
            FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = 'chunk'::regclass AND relname ~ '^chunk_\d{4}_\d\d$'
        ) AS months
        WHERE to_ms <= now_ms - (SELECT min(retention_ms) FROM stream)
        ORDER BY to_ms
    LOOP
        -- Looked at twice: without locks, which is mostly all; then again when nobody can add to it any more.
        FOR look IN 1 .. 2 LOOP
            IF look = 2 THEN
                LOCK TABLE ONLY chunk IN ACCESS EXCLUSIVE MODE;
            END IF;
            EXECUTE format('SELECT EXISTS (
                SELECT FROM stream WHERE (retention_ms IS NULL OR $1 > $2 - retention_ms)
                    AND EXISTS (SELECT FROM %I AS c WHERE c.stream_id = stream.id))', month.name)
                USING month.to_ms, now_ms INTO is_needed;
            EXIT WHEN is_needed;
        END LOOP;
        CONTINUE WHEN is_needed;
        EXECUTE format('ALTER TABLE chunk DETACH PARTITION %I', month.name);
        EXECUTE format('DROP TABLE %I', month.name);
        DELETE FROM month_rollup AS rollup WHERE rollup."month" = month.from_ms;
        RETURN true;
    END LOOP;
    RETURN false;
EXCEPTION
    WHEN lock_not_available THEN
        RETURN false;
END
$$;
