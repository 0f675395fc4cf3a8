import type { Clock, TenantId } from '@arqonbus/protocol';
import type { KeyValue, Spine, WorkQueue } from '@arqonbus/spine';
import type { WebhookStore } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import type { ResolveHost } from './egress/checked-lookup.ts';
import type { TargetRules } from './egress/parse-target.ts';
import type { WebhookBox } from './webhook-box.ts';

/** What serving webhooks needs. */
export interface WebhookParts {
  readonly spine: Spine;
  /** The truth (WHK-1). */
  readonly store: WebhookStore;
  /** `ARQON_WEBHOOKS`, which every Shield and Brain watches. */
  readonly bucket: KeyValue;
  readonly box: WebhookBox;
  readonly retries: Pick<WorkQueue, 'add'>;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly pageBytes: number;
  readonly targets: TargetRules;
  readonly resolve: ResolveHost;
  /** Read each time. */
  readonly limits: { readonly perTenant: number; readonly perUser: number; readonly timeoutMs: number };
  readonly nextWebhookId: () => string;
}

/** A webhook of a tenant. */
export interface WebhookPlace {
  readonly tenant: TenantId;
  readonly webhookId: string;
}
