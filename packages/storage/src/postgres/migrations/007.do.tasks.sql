-- Tasks of work groups (OPR-2), with the payload that operators get. Those that are open are worked on, or their end has
-- not been told; `version` grows with every change, so that of two at once one wins.
CREATE TABLE arqon.tasks (
  tenant_id       text NOT NULL COLLATE "C",
  task_id         text NOT NULL COLLATE "C",
  group_name      text NOT NULL COLLATE "C",
  submitted_by    text NOT NULL COLLATE "C",
  idempotency_key text COLLATE "C",
  created_at      timestamptz NOT NULL,
  ended_at        timestamptz,
  is_open         boolean NOT NULL,
  is_dead         boolean NOT NULL,
  version         bigint NOT NULL,
  record          text NOT NULL,
  payload         text NOT NULL,
  PRIMARY KEY (tenant_id, task_id),
  UNIQUE (tenant_id, submitted_by, idempotency_key)
);

CREATE INDEX tasks_open ON arqon.tasks (tenant_id, task_id) WHERE is_open;
CREATE INDEX tasks_dead ON arqon.tasks (tenant_id, task_id) WHERE is_dead;
CREATE INDEX tasks_ended ON arqon.tasks (tenant_id, ended_at) WHERE ended_at IS NOT NULL;

ALTER TABLE arqon.tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE arqon.tasks FORCE ROW LEVEL SECURITY;
CREATE POLICY tasks_own ON arqon.tasks
  USING (tenant_id = arqon.current_tenant()) WITH CHECK (tenant_id = arqon.current_tenant());

GRANT SELECT, INSERT, UPDATE, DELETE ON arqon.tasks TO arqon_brain;
