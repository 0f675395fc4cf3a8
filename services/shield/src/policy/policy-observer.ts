import type { ChainLink, PolicyOutcome } from '@arqonbus/policy';
import { createTokenBucket } from '@arqonbus/pipeline';
import type { Ingress, PolicyStageOptions, TokenBucket } from '@arqonbus/pipeline';
import type { TenantId } from '@arqonbus/protocol';
import type { LabelledCounter, Logger, Metrics } from '@arqonbus/telemetry';
import type { GuardedPolicy } from './policy-guard.ts';

/** Counts and logs what policies say (WSM-8). */
export interface PolicyObserver extends Pick<PolicyStageOptions, 'onJudged' | 'onLog'> {
  /** A policy is not asked for a while, as it has wasted too much. */
  suspended(tenant: TenantId, policy: GuardedPolicy): void;
  /** Forgets tenants that have logged nothing lately; run every second. */
  watch(): void;
}

/** What observing needs from around it. */
export interface PolicyObserverOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  /** Takes out of a text what must not be logged (CAS-6). */
  readonly redact: (text: string) => string;
}

type Said = 'allow' | 'change' | 'reject' | 'fault' | 'missing';

const SAID: readonly Said[] = ['allow', 'change', 'reject', 'fault', 'missing'];
const LINES_PER_SECOND = 10;
const LINES_AT_ONCE = 20;
const BUCKETS_SECONDS = [0.000_001, 0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005];

/** An observer of one Shield. */
export function createPolicyObserver({ metrics, logger, monotonicMs, redact }: PolicyObserverOptions): PolicyObserver {
  const verdicts = Object.fromEntries(
    SAID.map((verdict) => [
      verdict,
      metrics.labelledCounter('arqonbus_policy_verdicts_total', 'What policies said, by module.', 'module', {
        labels: { verdict },
      }),
    ]),
  ) as Record<Said, LabelledCounter>;
  const seconds = metrics.labelledCounter('arqonbus_policy_seconds_total', 'Time in policies, by module.', 'module');
  const fuel = metrics.labelledCounter('arqonbus_policy_fuel_total', 'Fuel that policies took, by module.', 'module');
  const durations = metrics.histogram(
    'arqonbus_policy_duration_seconds',
    'Time of one call of a policy.',
    BUCKETS_SECONDS,
  );
  const suspensions = metrics.labelledCounter(
    'arqonbus_policy_suspensions_total',
    'Times that a policy was not asked for a second, as it had run out of fuel too often in a row, by module.',
    'module',
  );
  const dropped = metrics.counter('arqonbus_policy_logs_dropped_total', 'Lines of policies that were not logged.');
  const lines = new Map<string, TokenBucket>();
  const mayLog = (tenant: string): boolean => {
    const bucket = lines.get(tenant) ?? createTokenBucket(LINES_PER_SECOND, LINES_AT_ONCE, monotonicMs());
    lines.set(tenant, bucket);
    const isFree = bucket.take(1, monotonicMs());
    if (!isFree) dropped.inc();
    return isFree;
  };
  return {
    onJudged: ({ origin }, link, outcome, startedMs) => {
      const tookSeconds = (monotonicMs() - startedMs) / 1000;
      durations.observe(tookSeconds);
      seconds.inc(link.name, tookSeconds);
      fuel.inc(link.name, outcome?.fuel ?? 0);
      const said = saidOf(outcome);
      verdicts[said].inc(link.name);
      const isFailed = said === 'fault' || said === 'missing';
      if (isFailed && mayLog(origin.tenant)) {
        logger.warn(failureOf(origin, link, outcome), 'a policy has failed, and its message was blocked');
      }
    },
    onLog: ({ origin }, level, text) => {
      if (!mayLog(origin.tenant)) return;
      logger.info({ event: 'policy_log', tenant: origin.tenant, level, text: redact(text) }, 'a policy says something');
    },
    suspended: (tenant, { name, version }) => {
      suspensions.inc(name);
      if (!mayLog(tenant)) return;
      const about = { event: 'policy_suspended', tenant, policy: name, version };
      logger.warn(about, 'a policy has run out of fuel too often, and blocks without being asked for a while');
    },
    watch: () => {
      for (const [tenant, bucket] of lines) if (bucket.isFull(monotonicMs())) lines.delete(tenant);
    },
  };
}

function saidOf(outcome: PolicyOutcome | undefined): Said {
  if (outcome === undefined) return 'missing';
  if (outcome.kind !== 'allow') return outcome.kind;
  return outcome.payload === undefined && outcome.headers.length === 0 ? 'allow' : 'change';
}

function failureOf({ tenant }: Ingress['origin'], link: ChainLink, outcome: PolicyOutcome | undefined) {
  const reason = outcome?.kind === 'fault' ? outcome.fault : 'missing';
  return { event: 'policy_failed', tenant, policy: link.name, version: link.version, reason };
}
