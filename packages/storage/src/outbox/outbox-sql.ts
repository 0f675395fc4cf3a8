/**
 * Makes an outbox in an application's database, by the role that is to own it (Postgres 14 or newer). Idempotent. A row is
 * published because it is there and not because of its number, so rows that are committed out of order are not passed over.
 */
export const OUTBOX_SQL = `-- An outbox of ArqonBus: what is inserted here, the Bridge publishes. See docs/outbox.md.
BEGIN;
CREATE SCHEMA IF NOT EXISTS arqon_outbox;

CREATE TABLE IF NOT EXISTS arqon_outbox.messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL
    CHECK (channel ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}:([A-Za-z0-9][A-Za-z0-9_.-]{0,63}|[*])$'),
  payload json NOT NULL,
  headers json CHECK (json_typeof(headers) = 'object'),
  message_id text NOT NULL DEFAULT 'arq_ob_' || replace(gen_random_uuid()::text, '-', '')
    CHECK (message_id ~ '^arq_[A-Za-z0-9_-]{6,80}$'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- What follows is the Bridge's.
  tried_at timestamptz,
  published_at timestamptz,
  refused_at timestamptz,
  error_code text,
  error text
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

CREATE INDEX IF NOT EXISTS messages_waiting ON arqon_outbox.messages (id)
  WHERE published_at IS NULL AND refused_at IS NULL;
CREATE INDEX IF NOT EXISTS messages_published ON arqon_outbox.messages (published_at) WHERE published_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_refused ON arqon_outbox.messages (id) WHERE refused_at IS NOT NULL;

-- What the Bridge is publishing just now: one row.
CREATE TABLE IF NOT EXISTS arqon_outbox.under_way (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  ids bigint[] NOT NULL DEFAULT '{}',
  since timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO arqon_outbox.under_way DEFAULT VALUES ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION arqon_outbox.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('arqon_outbox', '');
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tell AFTER INSERT ON arqon_outbox.messages
  FOR EACH STATEMENT EXECUTE FUNCTION arqon_outbox.tell();
COMMIT;
`;
