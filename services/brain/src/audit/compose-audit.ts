import type { Clock, TenantId } from '@arqonbus/protocol';
import type { AuditTrail, KeyValueStore } from '@arqonbus/spine';
import { Audit } from './audit.ts';
import type { AuditMetrics } from './audit.ts';
import { AuditChain } from './audit-chain.ts';
import { Checkpoints } from './checkpoints.ts';
import type { VerifyParts } from './verify-chain.ts';
import { watchChains } from './watch-chains.ts';

/** What auditing needs from around it. */
export interface ComposeAuditOptions {
  readonly auditTrail: AuditTrail;
  readonly keyValue: KeyValueStore;
  readonly clock: Clock;
  readonly auditMetrics?: AuditMetrics;
  readonly logger?: { error(fields: Readonly<Record<string, unknown>>, text: string): void };
  readonly onError: (error: unknown) => void;
}

/** Auditing of one Brain. */
export interface AuditModule extends VerifyParts {
  readonly audit: Audit;
  readonly trail: AuditTrail;
  /** Looks after the chains of these tenants, once a minute however often it is called. */
  watch(isOurs: (tenant: TenantId) => boolean): Promise<void>;
  /** Chains that the last look has found cut or rewritten. */
  brokenChains(): number;
}

const WATCH_EVERY_MS = 60_000;

/** Puts the audit module together. */
export function composeAudit(options: ComposeAuditOptions): AuditModule {
  const { auditTrail: trail, clock, auditMetrics: metrics, logger, onError } = options;
  const now = (): number => clock.now();
  const checkpoints = new Checkpoints(options.keyValue.bucket('ARQON_AUDIT'), now);
  const audit = new Audit({
    chain: new AuditChain({ trail, checkpoints, now, onError }),
    metrics,
    onLostOutcome: ({ tenant, action, target, intentSeq }, error) =>
      logger?.error(
        { event: 'audit_outcome_lost', tenant, action, target, intent_seq: intentSeq, err: error },
        'an action was done and its outcome could not be written to the audit trail',
      ),
  });
  let watchedMs = Number.NEGATIVE_INFINITY;
  let broken = 0;
  return {
    audit,
    trail,
    checkpoints,
    brokenChains: () => broken,
    watch: async (isOurs) => {
      if (clock.monotonicMs() - watchedMs < WATCH_EVERY_MS) return;
      watchedMs = clock.monotonicMs();
      broken = await watchChains({
        trail,
        checkpoints,
        isOurs,
        onBroken: (tenant, { seq, hash }) =>
          logger?.error(
            { event: 'audit_chain_broken', tenant, seq, hash },
            'the audit trail no longer holds a record that it held: see docs/audit.md',
          ),
      });
    },
  };
}
