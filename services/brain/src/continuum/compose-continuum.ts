import type { Clock, Limits } from '@arqonbus/protocol';
import { tenantPartition } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { Audit } from '../audit/audit.ts';
import type { ContinuumOptions } from './continuum-parts.ts';
import { forgetEpisodes } from './forget-episodes.ts';
import { serveContinuum } from './index.ts';
import { EpisodeProjector } from './projector.ts';

/** What the projector needs from around it. */
export interface ComposeContinuumOptions {
  /** Absent = others project. */
  readonly continuum?: ContinuumOptions | undefined;
  readonly spine: Spine;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly audit: Audit;
  readonly partitions: { serves(partition: number): boolean };
  readonly logger?: { warn(fields: Readonly<Record<string, unknown>>, text: string): void };
}

/** The projector of one Brain. */
export interface ContinuumModule {
  readonly served: readonly SpineSubscription[];
  /** Takes part in projecting, and forgets what is over. Run every second. */
  tick(): Promise<void>;
  close(): Promise<void>;
}

const FORGET_EVERY_MS = 60_000;

/** For Brains that leave it to others. */
const NO_CONTINUUM: ContinuumModule = { served: [], tick: async () => undefined, close: async () => undefined };

/** Puts the projector together. */
export function composeContinuum(options: ComposeContinuumOptions, observer: RpcObserver): ContinuumModule {
  const { continuum, spine, clock, limits, audit, partitions, logger } = options;
  if (continuum === undefined) return NO_CONTINUUM;
  const parts = { ...continuum, spine, clock, audit, pageBytes: limits.pageBytes };
  const onError = (error: unknown): void =>
    logger?.warn({ event: 'continuum_delayed', err: error }, 'episodes are projected later');
  const projector = new EpisodeProjector({ parts, onError });
  let forgottenAtMs = clock.monotonicMs();
  const forget = async (): Promise<void> => {
    if (clock.monotonicMs() - forgottenAtMs < FORGET_EVERY_MS) return;
    forgottenAtMs = clock.monotonicMs();
    await forgetEpisodes(parts, (tenant) => partitions.serves(tenantPartition(tenant)));
  };
  return {
    served: serveContinuum(spine, parts, observer),
    tick: async () => void (await Promise.all([projector.tick(), forget()])),
    close: () => projector.close(),
  };
}
