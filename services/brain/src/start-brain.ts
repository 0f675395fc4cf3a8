import type { Config } from '@arqonbus/config';
import { systemClock } from '@arqonbus/protocol';
import type { KeyValueStore, Spine } from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';
import { createBrain } from './brain.ts';
import type { Brain, BrainOptions } from './brain.ts';

/** What a Brain needs beyond the configuration. */
export interface BrainSurroundings extends Pick<
  BrainOptions,
  'settleMs' | 'handoverMs' | 'rpcMetrics' | 'tracing' | 'fillRandom'
> {
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  readonly logger: Logger;
}

/** Starts a Brain as the configuration says. Throws `UNAVAILABLE` where the buckets cannot be read. */
export function startBrain({ bootstrap, limits, presence }: Config, parts: BrainSurroundings): Promise<Brain> {
  return createBrain({
    ...parts,
    clock: systemClock,
    bootstrapRooms: Object.entries(bootstrap.rooms).map(([room, channels]) => ({ room, channels })),
    limits,
    maxListed: presence.maxListed,
  });
}
