-- Whose transaction this is; NULL outside of one that was bound to a tenant.
CREATE FUNCTION arqon.current_tenant() RETURNS text
  LANGUAGE sql STABLE
  RETURN nullif(current_setting('arqon.tenant', true), '');

-- Tenants that have durable state: names alone, which upkeep goes through one by one.
CREATE TABLE arqon.tenants (
  tenant_id text PRIMARY KEY
);

-- A grant says what somebody may or may not do where (PRM-2).
CREATE TABLE arqon.grants (
  tenant_id  text NOT NULL,
  grant_id   text NOT NULL,
  subject    text NOT NULL,
  action     text NOT NULL,
  pattern    text NOT NULL,
  effect     text NOT NULL CHECK (effect IN ('allow', 'deny')),
  expires_at timestamptz,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, grant_id),
  UNIQUE (tenant_id, subject, action, pattern, effect)
);

-- How often the grants of a subject were changed: what Shields know carries this number.
CREATE TABLE arqon.grant_sets (
  tenant_id text NOT NULL,
  subject   text NOT NULL,
  version   bigint NOT NULL,
  PRIMARY KEY (tenant_id, subject)
);

ALTER TABLE arqon.tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants_listed ON arqon.tenants FOR SELECT USING (true);
CREATE POLICY tenants_own ON arqon.tenants FOR INSERT WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.grants FORCE ROW LEVEL SECURITY;
CREATE POLICY grants_own ON arqon.grants
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.grant_sets ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.grant_sets FORCE ROW LEVEL SECURITY;
CREATE POLICY grant_sets_own ON arqon.grant_sets
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

GRANT USAGE ON SCHEMA arqon TO arqon_brain;
GRANT SELECT ON arqon.schema_version TO arqon_brain;
GRANT SELECT, INSERT ON arqon.tenants TO arqon_brain;
GRANT SELECT, INSERT, UPDATE, DELETE ON arqon.grants, arqon.grant_sets TO arqon_brain;
