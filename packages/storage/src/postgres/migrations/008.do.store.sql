-- What a tenant keeps in the store (STO-1), counted; `version` is the number of its last change. Whoever changes anything
-- holds this row first, so the changes of a tenant come one after the other.
CREATE TABLE arqon.store_tenants (
  tenant_id text PRIMARY KEY,
  version   bigint NOT NULL,
  keys      bigint NOT NULL,
  bytes     bigint NOT NULL
);

-- Values by key. A deletion stays for a while as a row without a value, so that who missed it can be told.
CREATE TABLE arqon.store_entries (
  tenant_id  text NOT NULL,
  namespace  text NOT NULL COLLATE "C",
  key        text NOT NULL COLLATE "C",
  version    bigint NOT NULL,
  value      text,
  expires_at timestamptz,
  PRIMARY KEY (tenant_id, namespace, key)
);

CREATE UNIQUE INDEX store_entries_changes ON arqon.store_entries (tenant_id, version);
CREATE INDEX store_entries_expiries ON arqon.store_entries (tenant_id, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX store_entries_deletions ON arqon.store_entries (tenant_id, version) WHERE value IS NULL;

-- When the next value of a tenant is over: all that upkeep has to know of all tenants.
CREATE TABLE arqon.store_expiries (
  tenant_id text PRIMARY KEY,
  at        timestamptz NOT NULL
);

ALTER TABLE arqon.store_tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.store_tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY store_tenants_own ON arqon.store_tenants
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.store_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.store_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY store_entries_own ON arqon.store_entries
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.store_expiries ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.store_expiries FORCE ROW LEVEL SECURITY;
CREATE POLICY store_expiries_listed ON arqon.store_expiries FOR SELECT USING (true);
CREATE POLICY store_expiries_own ON arqon.store_expiries
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

GRANT SELECT, INSERT, UPDATE, DELETE ON arqon.store_tenants, arqon.store_entries, arqon.store_expiries TO arqon_brain;
