-- A second copy of the audit trail (AUD-1). Brains add to it and read it; nobody but the owner could change or remove anything.
CREATE TABLE arqon.audit_records (
  tenant_id text NOT NULL,
  seq       bigint NOT NULL CHECK (seq > 0),
  position  bigint NOT NULL,
  hash      text NOT NULL,
  at        timestamptz NOT NULL,
  record    bytea NOT NULL,
  PRIMARY KEY (tenant_id, seq)
);

ALTER TABLE arqon.audit_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.audit_records FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_records_own ON arqon.audit_records
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

GRANT SELECT, INSERT ON arqon.audit_records TO arqon_brain;
