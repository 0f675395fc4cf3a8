import { BusError } from '@arqonbus/protocol';
import { channelKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import type { MembershipState } from '../membership/membership-state.ts';
import type { ChannelIndex } from './channel-index.ts';

/** How long a channel that a join made may be empty (PRS-5). */
export const EMPTY_FOR_MS = 60_000;

/**
 * Removes channels that a join made and that have been empty for {@link EMPTY_FOR_MS}. Run every few seconds; any
 * replica may. A delete names the revision it saw, so that a channel made anew meanwhile stays.
 */
export function createEmptyChannelSweep(
  bucket: KeyValue,
  index: ChannelIndex,
  members: MembershipState,
  now: () => number,
): () => Promise<void> {
  let emptySinceMs = new Map<string, number>();
  return async () => {
    const nowMs = now();
    const stillEmpty = new Map<string, number>();
    for (const { tenant, record, revision } of index.all()) {
      const { room, channel, autoCreated } = record;
      if (!autoCreated || members.clientsIn(tenant, room, channel).size > 0) continue;
      const key = channelKey(tenant, room, channel);
      const sinceMs = emptySinceMs.get(key) ?? nowMs;
      if (nowMs - sinceMs >= EMPTY_FOR_MS) await deleteUnlessChanged(bucket, key, revision);
      else stillEmpty.set(key, sinceMs);
    }
    emptySinceMs = stillEmpty;
  };
}

async function deleteUnlessChanged(bucket: KeyValue, key: string, revision: number): Promise<void> {
  try {
    await bucket.delete(key, revision);
  } catch (error) {
    if (!(error instanceof BusError && error.code === 'CONFLICT')) throw error;
  }
}
