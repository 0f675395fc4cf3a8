-- How much the projector keeps of a tenant (CTM-2), counted. Whoever projects holds this row first, so the events of a
-- tenant come one after the other.
CREATE TABLE arqon.continuum_tenants (
  tenant_id text PRIMARY KEY,
  episodes  bigint NOT NULL,
  events    bigint NOT NULL
);

-- Each episode as its latest event tells it. A deletion stays as a row without a payload, so that nothing older comes back.
CREATE TABLE arqon.continuum_episodes (
  tenant_id    text NOT NULL,
  agent_id     text NOT NULL COLLATE "C",
  episode_id   text NOT NULL COLLATE "C",
  event_id     text NOT NULL COLLATE "C",
  event_type   text NOT NULL,
  source_at_us bigint NOT NULL,
  payload      text NOT NULL,
  PRIMARY KEY (tenant_id, agent_id, episode_id)
);

CREATE INDEX continuum_tombstones ON arqon.continuum_episodes (tenant_id, source_at_us)
  WHERE event_type = 'episode.deleted';

-- The events that were seen, and what became of them.
CREATE TABLE arqon.continuum_events (
  tenant_id    text NOT NULL,
  event_id     text NOT NULL COLLATE "C",
  agent_id     text NOT NULL,
  episode_id   text NOT NULL,
  source_at_us bigint NOT NULL,
  outcome      text NOT NULL CHECK (outcome IN ('projected', 'stale_rejected')),
  seen_at      timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
);

CREATE INDEX continuum_events_by_age ON arqon.continuum_events (tenant_id, seen_at);

-- Events that could not be projected, with the reason (CTM-3). Ids sort by time.
CREATE TABLE arqon.continuum_dead_letters (
  tenant_id text NOT NULL,
  letter_id text NOT NULL COLLATE "C",
  event_id  text NOT NULL,
  reason    text NOT NULL,
  field     text NOT NULL,
  at        timestamptz NOT NULL,
  event     text NOT NULL,
  PRIMARY KEY (tenant_id, letter_id)
);

ALTER TABLE arqon.continuum_tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.continuum_tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY continuum_tenants_own ON arqon.continuum_tenants
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.continuum_episodes ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.continuum_episodes FORCE ROW LEVEL SECURITY;
CREATE POLICY continuum_episodes_own ON arqon.continuum_episodes
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.continuum_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.continuum_events FORCE ROW LEVEL SECURITY;
CREATE POLICY continuum_events_own ON arqon.continuum_events
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.continuum_dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.continuum_dead_letters FORCE ROW LEVEL SECURITY;
CREATE POLICY continuum_dead_letters_own ON arqon.continuum_dead_letters
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

GRANT SELECT, INSERT, UPDATE, DELETE ON arqon.continuum_tenants, arqon.continuum_episodes, arqon.continuum_events,
  arqon.continuum_dead_letters TO arqon_brain;
