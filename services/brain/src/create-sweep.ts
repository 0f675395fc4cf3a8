import type { Clock } from '@arqonbus/protocol';
import { tenantPartition } from '@arqonbus/spine';
import type { AuditModule } from './audit/compose-audit.ts';
import type { BanStore } from './bans/ban-store.ts';
import type { GrantsModule } from './grants/index.ts';
import type { Partitions } from './partitions/partitions.ts';
import type { SilentShields } from './resume/silent-shields.ts';
import type { WebhooksModule } from './webhooks/compose-webhooks.ts';

/** Past bans bind nobody; they are only removed, which reads all of them. Grants likewise, unless a change was lost. */
const SWEEP_RECORDS_EVERY_MS = 30_000;

/** What is swept. */
export interface Swept {
  readonly clock: Clock;
  readonly partitions: Partitions;
  readonly silentShields: SilentShields;
  readonly bans: BanStore;
  readonly auditing: AuditModule;
  readonly grants: GrantsModule;
  readonly webhooks: Pick<WebhooksModule, 'sweep'>;
}

/** One sweep at a time: who asks during one waits for it. Tasks are looked after beside it, as their times are shorter. */
export function createSweep(swept: Swept): () => Promise<void> {
  const { partitions, silentShields, bans, auditing, grants, webhooks, clock } = swept;
  let running: Promise<void> | undefined;
  let sweptMs = Number.NEGATIVE_INFINITY;
  const sweep = async (): Promise<void> => {
    await partitions.sweep();
    await auditing.watch((tenant) => partitions.serves(tenantPartition(tenant)));
    await silentShields.sweep();
    if (clock.monotonicMs() - sweptMs < SWEEP_RECORDS_EVERY_MS) return;
    await bans.sweep();
    sweptMs = clock.monotonicMs();
    await grants.sweep((tenant) => partitions.serves(tenantPartition(tenant)));
    await webhooks.sweep((tenant) => partitions.serves(tenantPartition(tenant)));
  };
  return async () => {
    running ??= sweep().finally(() => {
      running = undefined;
    });
    await Promise.all([running, partitions.tendTasks()]);
  };
}
