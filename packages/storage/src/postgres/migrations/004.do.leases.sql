-- Tokens that fence off whoever believes to hold what another has taken since (ARC-3). One sequence for all, so that every
-- token is higher than all that were given before.
CREATE SEQUENCE arqon.fencing_tokens AS bigint;

-- Work that one does at a time, by name; a row is gone once its lease was given back.
CREATE TABLE arqon.leases (
  tenant_id  text NOT NULL,
  name       text NOT NULL,
  holder     text NOT NULL,
  token      bigint NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, name)
);

ALTER TABLE arqon.leases ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.leases FORCE ROW LEVEL SECURITY;
CREATE POLICY leases_own ON arqon.leases
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

GRANT USAGE ON SEQUENCE arqon.fencing_tokens TO arqon_brain;
GRANT SELECT, INSERT, UPDATE, DELETE ON arqon.leases TO arqon_brain;
