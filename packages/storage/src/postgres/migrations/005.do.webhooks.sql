-- Webhooks (WHK-1). The record is the bus's own; where it goes and its secrets are sealed in it.
CREATE TABLE arqon.webhooks (
  tenant_id  text NOT NULL,
  webhook_id text NOT NULL,
  owner      text NOT NULL,
  version    integer NOT NULL,
  record     bytea NOT NULL,
  PRIMARY KEY (tenant_id, webhook_id)
);

-- What became of deliveries lately, and those that came to no end (WHK-3).
CREATE TABLE arqon.webhook_deliveries (
  tenant_id   text NOT NULL,
  webhook_id  text NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  event_id    text NOT NULL,
  type        text NOT NULL,
  attempt     integer NOT NULL,
  status      text NOT NULL CHECK (status IN ('delivered', 'retrying', 'dead')),
  http_status integer NOT NULL,
  reason      text NOT NULL,
  at          timestamptz NOT NULL,
  next_at     timestamptz,
  item        bytea NOT NULL,
  PRIMARY KEY (tenant_id, webhook_id, delivery_id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES arqon.webhooks ON DELETE CASCADE
);

CREATE INDEX webhook_deliveries_by_status ON arqon.webhook_deliveries (tenant_id, webhook_id, status, delivery_id);

ALTER TABLE arqon.webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.webhooks FORCE ROW LEVEL SECURITY;
CREATE POLICY webhooks_own ON arqon.webhooks
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.webhook_deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY webhook_deliveries_own ON arqon.webhook_deliveries
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

GRANT SELECT, INSERT, UPDATE, DELETE ON arqon.webhooks, arqon.webhook_deliveries TO arqon_brain;
