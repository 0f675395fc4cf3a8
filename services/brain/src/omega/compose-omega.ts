import type { Clock, Limits } from '@arqonbus/protocol';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { createMemoryOmegaStore } from '@arqonbus/storage';
import type { OmegaStore } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import { serveOmega } from './index.ts';
import type { OmegaMetrics } from './omega-metrics.ts';
import { NO_OMEGA } from './omega-parts.ts';
import type { OmegaSettings } from './omega-parts.ts';

/** What the Omega lane needs from around it. */
export interface ComposeOmegaOptions {
  readonly spine: Spine;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly limits: Limits;
  readonly nextEventId: () => string;
  /** Default: off. */
  readonly omega?: OmegaSettings | undefined;
  /** Default: the memory of this process. */
  readonly omegaStore?: OmegaStore | undefined;
  readonly omegaMetrics?: OmegaMetrics | undefined;
}

/** Puts the Omega lane together. */
export function composeOmega(
  { omega: settings = NO_OMEGA, omegaStore, omegaMetrics: metrics, limits, ...parts }: ComposeOmegaOptions,
  observer: RpcObserver,
): { readonly served: readonly SpineSubscription[] } {
  const store = omegaStore ?? createMemoryOmegaStore(() => parts.clock.monotonicMs());
  return { served: serveOmega({ ...parts, settings, store, metrics, pageBytes: limits.pageBytes }, observer) };
}
