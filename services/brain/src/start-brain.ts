import type { Config } from '@arqonbus/config';
import { systemClock } from '@arqonbus/protocol';
import type { AuditTrail, KeyValueStore, Spine } from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';
import { createBrain } from './brain.ts';
import type { Brain, BrainOptions } from './brain.ts';

/** What a Brain needs beyond the configuration. */
export interface BrainSurroundings extends Pick<
  BrainOptions,
  | 'settleMs'
  | 'handoverMs'
  | 'rpcMetrics'
  | 'auditMetrics'
  | 'auditCopy'
  | 'tracing'
  | 'fillRandom'
  | 'keptLog'
  | 'grants'
> {
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  /** Makes the trail where it is missing. */
  readonly openAuditTrail: () => Promise<AuditTrail>;
  readonly logger: Logger;
}

/** Starts a Brain as the configuration says. Throws `UNAVAILABLE` where buckets or audit trail cannot be used. */
export async function startBrain(
  { bootstrap, limits, presence, casil }: Config,
  parts: BrainSurroundings,
): Promise<Brain> {
  const { openAuditTrail, ...rest } = parts;
  return createBrain({
    ...rest,
    auditTrail: await openAuditTrail(),
    clock: systemClock,
    bootstrapRooms: Object.entries(bootstrap.rooms).map(([room, channels]) => ({ room, channels })),
    limits,
    casil,
    maxListed: presence.maxListed,
  });
}
