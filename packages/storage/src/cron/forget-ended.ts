import type { TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import { dateOf } from './cron-rows.ts';
import { KEPT_ENDED, KEPT_ENDED_MS } from './cron-store.ts';

/** Removes jobs of a tenant that have been over for longer than they are kept, and those that are too many. */
export async function forgetEnded(sql: Sql, tenant: TenantId, nowMs: number): Promise<void> {
  await sql.query(
    `DELETE FROM arqon.cron_jobs WHERE tenant_id = $1 AND (ended_at < $2 OR job_id IN (
       SELECT job_id FROM arqon.cron_jobs WHERE tenant_id = $1 AND ended_at IS NOT NULL
       ORDER BY ended_at DESC OFFSET ${KEPT_ENDED}))`,
    [tenant, dateOf(nowMs - KEPT_ENDED_MS)],
  );
}
