import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import { deliveryOf, deliveryValues, DELIVERY_COLUMNS } from './delivery-row.ts';
import type { DeliveryRow } from './delivery-row.ts';
import type { StoredDelivery, StoredWebhook, WebhookLimits, WebhookStore } from './webhook-store.ts';

/** Webhooks in Postgres. A tenant's additions come one after the other, so that its limits hold. */
export function createPostgresWebhookStore(database: Database): WebhookStore {
  return {
    add: (tenant, webhook, limits) => database.withTenant(tenant, (sql) => add(sql, tenant, webhook, limits)),
    update: (tenant, webhook) => database.withTenant(tenant, (sql) => update(sql, tenant, webhook)),
    get: (tenant, webhookId) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<WebhookRow>(
          `SELECT ${COLUMNS} FROM arqon.webhooks WHERE tenant_id = $1 AND webhook_id = $2`,
          [tenant, webhookId],
        );
        return rows.map(webhookOf)[0];
      }),
    remove: (tenant, webhookId) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query(
          'DELETE FROM arqon.webhooks WHERE tenant_id = $1 AND webhook_id = $2 RETURNING webhook_id',
          [tenant, webhookId],
        );
        return rows.length > 0;
      }),
    list: (tenant, { owner, after, limit }) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<WebhookRow>(
          `SELECT ${COLUMNS} FROM arqon.webhooks
           WHERE tenant_id = $1 AND webhook_id > $2 AND ($3::text IS NULL OR owner = $3)
           ORDER BY webhook_id LIMIT $4`,
          [tenant, after, owner ?? null, limit],
        );
        return rows.map(webhookOf);
      }),
    tenants: () =>
      database.withoutTenant(async (sql) => {
        const rows = await sql.query<{ readonly tenant_id: string }>('SELECT tenant_id FROM arqon.tenants ORDER BY 1');
        return rows.map((row) => row.tenant_id as TenantId);
      }),
    note: (tenant, deliveries) => database.withTenant(tenant, (sql) => note(sql, tenant, deliveries)),
    deliveries: (tenant, { webhookId, status, before, limit }) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<DeliveryRow>(
          `SELECT ${DELIVERY_COLUMNS} FROM arqon.webhook_deliveries
           WHERE tenant_id = $1 AND webhook_id = $2 AND ($3 = '' OR delivery_id < $3) AND ($4::text IS NULL OR status = $4)
           ORDER BY delivery_id DESC LIMIT $5`,
          [tenant, webhookId, before, status ?? null, limit],
        );
        return rows.map(deliveryOf);
      }),
    delivery: (tenant, webhookId, deliveryId) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<DeliveryRow>(
          `SELECT ${DELIVERY_COLUMNS} FROM arqon.webhook_deliveries
           WHERE tenant_id = $1 AND webhook_id = $2 AND delivery_id = $3`,
          [tenant, webhookId, deliveryId],
        );
        return rows.map(deliveryOf)[0];
      }),
    prune: (tenant, webhookId, keep) => database.withTenant(tenant, (sql) => prune(sql, tenant, webhookId, keep)),
  };
}

interface WebhookRow {
  readonly webhook_id: string;
  readonly owner: string;
  readonly version: number;
  readonly record: Uint8Array;
}

const COLUMNS = 'webhook_id, owner, version, record';

function webhookOf({ webhook_id: webhookId, owner, version, record }: WebhookRow): StoredWebhook {
  return { webhookId, owner, version, record: new Uint8Array(record) };
}

async function add(
  sql: Sql,
  tenant: TenantId,
  { webhookId, owner, version, record }: StoredWebhook,
  { perTenant, perOwner }: WebhookLimits,
): Promise<void> {
  await sql.query('INSERT INTO arqon.tenants (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING', [tenant]);
  await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [tenant]);
  const [counts] = await sql.query<{ readonly all: string | number; readonly own: string | number }>(
    'SELECT count(*) AS all, count(*) FILTER (WHERE owner = $2) AS own FROM arqon.webhooks WHERE tenant_id = $1',
    [tenant, owner],
  );
  if (Number(counts?.all ?? 0) >= perTenant || Number(counts?.own ?? 0) >= perOwner) {
    throw new BusError('QUOTA_EXCEEDED', 'There are too many webhooks.');
  }
  await sql.query(
    'INSERT INTO arqon.webhooks (tenant_id, webhook_id, owner, version, record) VALUES ($1, $2, $3, $4, $5)',
    [tenant, webhookId, owner, version, record],
  );
}

async function update(sql: Sql, tenant: TenantId, { webhookId, version, record }: StoredWebhook): Promise<void> {
  const rows = await sql.query(
    `UPDATE arqon.webhooks SET version = $3, record = $4
     WHERE tenant_id = $1 AND webhook_id = $2 AND version = $3 - 1 RETURNING webhook_id`,
    [tenant, webhookId, version, record],
  );
  if (rows.length === 0) throw new BusError('CONFLICT');
}

/** One statement for all of them; what is noted twice counts as it was noted last. */
async function note(sql: Sql, tenant: TenantId, deliveries: readonly StoredDelivery[]): Promise<void> {
  const last = new Map(deliveries.map((delivery) => [`${delivery.webhookId}/${delivery.deliveryId}`, delivery]));
  if (last.size === 0) return;
  await sql.query(
    `INSERT INTO arqon.webhook_deliveries (tenant_id, ${DELIVERY_COLUMNS})
     SELECT $1, n.* FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[], $8::int[],
       $9::text[], $10::timestamptz[], $11::timestamptz[], $12::bytea[]) AS n (${DELIVERY_COLUMNS})
     JOIN arqon.webhooks w ON w.tenant_id = $1 AND w.webhook_id = n.webhook_id
     ON CONFLICT (tenant_id, webhook_id, delivery_id) DO UPDATE SET
       attempt = excluded.attempt, status = excluded.status, http_status = excluded.http_status,
       reason = excluded.reason, at = excluded.at, next_at = excluded.next_at, item = excluded.item`,
    [tenant, ...deliveryValues([...last.values()])],
  );
}

async function prune(sql: Sql, tenant: TenantId, webhookId: string, keep: number): Promise<void> {
  for (const compare of ['=', '<>']) {
    await sql.query(
      `DELETE FROM arqon.webhook_deliveries
       WHERE tenant_id = $1 AND webhook_id = $2 AND status ${compare} 'dead' AND delivery_id <= (
         SELECT delivery_id FROM arqon.webhook_deliveries
         WHERE tenant_id = $1 AND webhook_id = $2 AND status ${compare} 'dead'
         ORDER BY delivery_id DESC OFFSET $3 LIMIT 1)`,
      [tenant, webhookId, keep],
    );
  }
}
