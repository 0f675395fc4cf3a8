import type { Config } from '@arqonbus/config';
import type { Clock } from '@arqonbus/protocol';
import type { EpisodeStream, Spine } from '@arqonbus/spine';
import type { EpisodeDeadLetters, EpisodeStore } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import type { ContinuumMetrics } from './continuum-metrics.ts';

/** What the projector takes from and keeps in. */
export interface ContinuumOptions {
  readonly stream: EpisodeStream;
  readonly store: EpisodeStore;
  readonly letters: EpisodeDeadLetters;
  /** Read each time. */
  readonly settings: Config['continuum'];
  readonly metrics?: ContinuumMetrics | undefined;
}

/** What its parts work with. */
export interface ContinuumParts extends ContinuumOptions {
  readonly spine: Pick<Spine, 'publish'>;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly pageBytes: number;
}
