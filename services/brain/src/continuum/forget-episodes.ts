import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { ContinuumParts } from './continuum-parts.ts';

const STEP = 2_000;
const MAX_STEPS = 50;
const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 86_400_000;

/** Forgets events that were seen long ago and deletions of long ago, for the tenants that fit. */
export async function forgetEpisodes(
  { store, settings, clock }: ContinuumParts,
  isOurs: (tenant: TenantId) => boolean,
): Promise<void> {
  const nowMs = clock.now();
  const over = {
    seenBeforeMs: nowMs - settings.retentionHours * MS_PER_HOUR,
    deletedBeforeUs: (nowMs - settings.tombstoneDays * MS_PER_DAY) * 1_000,
    limit: STEP,
  };
  try {
    for (const tenant of (await store.tenants()).filter(isOurs)) {
      for (let step = 0; step < MAX_STEPS; step += 1) {
        if ((await store.forget(tenant, over)) < STEP) break;
      }
    }
  } catch (error) {
    // A store that is down is told of by health; the next time does all of it.
    if (!(error instanceof BusError)) throw error;
  }
}
