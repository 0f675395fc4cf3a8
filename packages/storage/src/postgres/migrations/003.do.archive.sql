-- Publications that outlive the log (LOG-15), one partition for each day on which they were stored. The key holds that
-- time because partitions ask for it; of one publication it is always the same.
CREATE TABLE arqon.archive (
  tenant_id text NOT NULL COLLATE "C",
  room      text NOT NULL COLLATE "C",
  channel   text NOT NULL COLLATE "C",
  epoch     text NOT NULL COLLATE "C",
  seq       bigint NOT NULL,
  prev_seq  bigint NOT NULL,
  at        timestamptz NOT NULL,
  author    text NOT NULL COLLATE "C",
  data      bytea NOT NULL,
  PRIMARY KEY (tenant_id, room, channel, epoch, seq, at)
) PARTITION BY RANGE (at);

CREATE INDEX archive_authors ON arqon.archive (tenant_id, author);

-- How far each source of the log has been copied. Belongs to the platform; `revision` grows with every change, also when
-- something was erased, so that nobody adds what was read before.
CREATE TABLE arqon.archive_positions (
  tenant_id   text NOT NULL,
  source      text NOT NULL,
  incarnation text NOT NULL,
  seq         bigint NOT NULL,
  gap_seq     bigint NOT NULL,
  revision    bigint NOT NULL,
  PRIMARY KEY (tenant_id, source, incarnation)
);

ALTER TABLE arqon.archive ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.archive FORCE ROW LEVEL SECURITY;
CREATE POLICY archive_own ON arqon.archive
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.archive_positions ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.archive_positions FORCE ROW LEVEL SECURITY;
CREATE POLICY archive_positions_own ON arqon.archive_positions
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

-- Brains may not make tables: these two make and drop partitions of the archive, and nothing else.
CREATE FUNCTION arqon.make_archive_day(day date) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := 'archive_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass('arqon.' || name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format(
    'CREATE TABLE IF NOT EXISTS arqon.%I PARTITION OF arqon.archive FOR VALUES FROM (%L) TO (%L)',
    name, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
  EXECUTE format('ALTER TABLE arqon.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE arqon.%I FORCE ROW LEVEL SECURITY', name);
END $$;

CREATE FUNCTION arqon.drop_archive_days(before date) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text;
  dropped integer := 0;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'arqon.archive'::regclass AND c.relname < 'archive_' || to_char(before, 'YYYYMMDD')
    ORDER BY 1
  LOOP
    EXECUTE format('DROP TABLE arqon.%I', name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION arqon.make_archive_day(date), arqon.drop_archive_days(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION arqon.make_archive_day(date), arqon.drop_archive_days(date) TO arqon_brain;
GRANT SELECT, INSERT, DELETE ON arqon.archive TO arqon_brain;
GRANT SELECT, INSERT, UPDATE ON arqon.archive_positions TO arqon_brain;
