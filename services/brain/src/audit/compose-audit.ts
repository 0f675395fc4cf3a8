import type { Clock, TenantId } from '@arqonbus/protocol';
import type { AuditTrail, KeyValueStore } from '@arqonbus/spine';
import type { AuditCopy } from '@arqonbus/storage';
import { Audit } from './audit.ts';
import type { AuditMetrics } from './audit.ts';
import { AuditChain } from './audit-chain.ts';
import { createChainCopies } from './chain-copies.ts';
import type { ChainCopies } from './chain-copies.ts';
import { Checkpoints } from './checkpoints.ts';
import type { VerifyParts } from './verify-chain.ts';
import { watchChains } from './watch-chains.ts';

/** What auditing needs from around it. */
export interface ComposeAuditOptions {
  readonly auditTrail: AuditTrail;
  /** Absent = there is no copy. */
  readonly auditCopy?: AuditCopy | undefined;
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
  /** Copies what has grown, and looks after the chains of these tenants, once a minute however often it is called. */
  watch(isOurs: (tenant: TenantId) => boolean): Promise<void>;
  /** Chains that the last look has found cut or rewritten. */
  brokenChains(): number;
  /** Chains that have grown beyond their copy. */
  uncopiedChains(): number;
}

const WATCH_EVERY_MS = 60_000;

/** Puts the audit module together. */
export function composeAudit(options: ComposeAuditOptions): AuditModule {
  const { auditTrail: trail, auditCopy: copy, clock, auditMetrics: metrics, logger, onError } = options;
  const now = (): number => clock.now();
  const checkpoints = new Checkpoints(options.keyValue.bucket('ARQON_AUDIT'), now);
  const copies = composeCopies(options);
  const onAppended = (tenant: TenantId): void => copies?.note(tenant);
  const audit = new Audit({
    chain: new AuditChain({ trail, checkpoints, now, onAppended, onError }),
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
    copy,
    brokenChains: () => broken,
    uncopiedChains: () => copies?.behind() ?? 0,
    watch: async (isOurs) => {
      await copies?.run();
      if (clock.monotonicMs() - watchedMs < WATCH_EVERY_MS) return;
      watchedMs = clock.monotonicMs();
      broken = await watchChains({
        trail,
        checkpoints,
        copy,
        isOurs: (tenant) => {
          // What a Brain has written that is gone may not have been copied.
          if (isOurs(tenant)) onAppended(tenant);
          return isOurs(tenant);
        },
        onBroken: (tenant, { seq, hash }) =>
          logger?.error(
            { event: 'audit_chain_broken', tenant, seq, hash },
            'the audit trail no longer holds a record that it held: see docs/audit.md',
          ),
      });
    },
  };
}

function composeCopies({ auditTrail, auditCopy, auditMetrics, logger }: ComposeAuditOptions): ChainCopies | undefined {
  if (auditCopy === undefined) return undefined;
  return createChainCopies({
    trail: auditTrail,
    copy: auditCopy,
    onCopied: (records) => auditMetrics?.copied(records),
    onError: (error) =>
      logger?.error(
        { event: 'audit_not_copied', err: error },
        'the audit trail cannot be copied now; it is tried again',
      ),
  });
}
