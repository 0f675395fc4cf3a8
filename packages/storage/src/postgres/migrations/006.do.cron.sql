-- Schedules of a tenant (CRN-1). `principal` says whose rights count when one fires; `iteration` counts what has fired.
CREATE TABLE arqon.cron_jobs (
  tenant_id    text NOT NULL COLLATE "C",
  job_id       text NOT NULL COLLATE "C",
  owner        text NOT NULL COLLATE "C",
  principal    bytea NOT NULL,
  name         text NOT NULL,
  room         text NOT NULL,
  channel      text NOT NULL,
  payload      bytea NOT NULL,
  expression   text NOT NULL,
  timezone     text NOT NULL,
  start_at     timestamptz NOT NULL,
  every_ms     bigint NOT NULL,
  repeat_count integer NOT NULL,
  misfire      text NOT NULL CHECK (misfire IN ('skip', 'once', 'all')),
  status       text NOT NULL CHECK (status IN ('active', 'paused', 'done', 'cancelled')),
  iteration    bigint NOT NULL,
  next_at      timestamptz,
  created_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  PRIMARY KEY (tenant_id, job_id)
);

CREATE INDEX cron_jobs_next ON arqon.cron_jobs (tenant_id, next_at) WHERE status = 'active';
CREATE INDEX cron_jobs_ended ON arqon.cron_jobs (tenant_id, ended_at) WHERE ended_at IS NOT NULL;

-- One row for each moment at which a job was due: what makes it fire once (CRN-2). `claimed` belongs to whoever knows `token`, until
-- `claimed_until`.
CREATE TABLE arqon.cron_runs (
  tenant_id     text NOT NULL COLLATE "C",
  job_id        text NOT NULL COLLATE "C",
  due_at        timestamptz NOT NULL,
  iteration     bigint NOT NULL,
  state         text NOT NULL CHECK (state IN ('claimed', 'fired', 'refused', 'failed', 'missed')),
  token         bigint NOT NULL,
  claimed_until timestamptz,
  attempts      integer NOT NULL,
  code          text NOT NULL DEFAULT '',
  ended_at      timestamptz,
  PRIMARY KEY (tenant_id, job_id, due_at),
  FOREIGN KEY (tenant_id, job_id) REFERENCES arqon.cron_jobs ON DELETE CASCADE
);

CREATE INDEX cron_runs_claimed ON arqon.cron_runs (tenant_id, claimed_until) WHERE state = 'claimed';

-- When a tenant has something to do next: a name and a time, which Brains look at for all tenants at once. NULL = nothing.
CREATE TABLE arqon.cron_due (
  tenant_id text PRIMARY KEY COLLATE "C",
  next_at   timestamptz
);

CREATE INDEX cron_due_next ON arqon.cron_due (next_at) WHERE next_at IS NOT NULL;

ALTER TABLE arqon.cron_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.cron_jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY cron_jobs_own ON arqon.cron_jobs
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.cron_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.cron_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY cron_runs_own ON arqon.cron_runs
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

ALTER TABLE arqon.cron_due ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.cron_due FORCE ROW LEVEL SECURITY;
CREATE POLICY cron_due_listed ON arqon.cron_due FOR SELECT USING (true);
CREATE POLICY cron_due_own ON arqon.cron_due
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

GRANT SELECT, INSERT, UPDATE, DELETE ON arqon.cron_jobs, arqon.cron_runs TO arqon_brain;
GRANT SELECT, INSERT, UPDATE ON arqon.cron_due TO arqon_brain;
