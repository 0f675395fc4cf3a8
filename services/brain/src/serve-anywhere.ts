import { randomFillSync } from 'node:crypto';
import { DEFAULT_CASIL_SETTINGS } from '@arqonbus/casil';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { SpineSubscription } from '@arqonbus/spine';
import type { AuditModule } from './audit/compose-audit.ts';
import { serveAudit } from './audit/index.ts';
import { serveBans } from './bans/index.ts';
import type { BrainOptions } from './brain.ts';
import { serveCasil } from './casil/index.ts';
import { serveRooms } from './channels/index.ts';
import { serveKeys } from './keys/index.ts';
import { serveMirrors } from './mirrors/index.ts';
import type { PartitionParts } from './partitions/partition.ts';
import { servePolicies } from './policy/index.ts';
import { serveSchemas } from './schemas/index.ts';
import { serveSettings } from './settings/index.ts';

/** Serves what any Brain answers, whatever partitions it owns. */
export function serveAnywhere(
  {
    keyValue,
    logger,
    checkSetting: check,
    limits = DEFAULT_LIMITS,
    casil: configured = DEFAULT_CASIL_SETTINGS,
    fillRandom = randomFillSync,
  }: BrainOptions,
  shared: Omit<PartitionParts, 'isLeaseOver'>,
  auditing: AuditModule,
): readonly SpineSubscription[] {
  const { clock, observer } = shared;
  const changes = { ...shared, now: () => clock.now(), logger };
  return [
    ...serveRooms(shared, observer),
    ...serveBans(shared, observer),
    ...serveSettings({ ...changes, bucket: keyValue.bucket('ARQON_SETTINGS'), check }, observer),
    ...serveCasil({ ...changes, bucket: keyValue.bucket('ARQON_CASIL'), configured }, observer),
    ...serveKeys({ ...changes, bucket: keyValue.bucket('ARQON_KEYS'), fillRandom }, observer),
    ...serveMirrors({ ...changes, bucket: keyValue.bucket('ARQON_MIRRORS') }, observer),
    ...serveSchemas({ ...changes, limits, bucket: keyValue.bucket('ARQON_SCHEMAS') }, observer),
    ...servePolicies({ ...changes, bucket: keyValue.bucket('ARQON_POLICIES') }, observer),
    ...serveAudit({ ...shared, ...auditing }, observer),
  ];
}
