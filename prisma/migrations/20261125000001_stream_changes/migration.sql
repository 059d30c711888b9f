-- Which transaction made or changed a stream last, so that servers find what is new to them without reading all.
ALTER TABLE "stream" ADD COLUMN "changed_by" xid8 NOT NULL DEFAULT pg_current_xact_id();

-- CreateIndex
CREATE INDEX "stream_changed_by_idx" ON "stream"("changed_by");

-- From here on by hand: what the schema language cannot say.

CREATE FUNCTION note_stream_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.changed_by := pg_current_xact_id();
    RETURN NEW;
END
$$;
CREATE TRIGGER "stream_change" BEFORE INSERT OR UPDATE ON "stream" FOR EACH ROW EXECUTE FUNCTION note_stream_change();
