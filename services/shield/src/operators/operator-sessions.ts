import type { TenantId } from '@arqonbus/protocol';
import type { EndedOperator, OperatorRecord } from '@arqonbus/protocol/spine-messages';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn, tenantPartition } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { Session } from '../session/session.ts';

/** The sessions of this Shield that take tasks; the Brain hears of them as long as they do (OPR-1). */
export interface OperatorSessions {
  /** The Brain has taken the session in as this. */
  joined(session: Session, record: OperatorRecord): void;
  /** Resolves when the Brain knows, or is away: then it finds out by the lease. */
  left(session: Session): Promise<void>;
  /** Tells of all operators; run every 3 s. */
  renew(): void;
  /** Tells of those in one partition, whose owner is new. */
  renewIn(partition: number): void;
}

/** What following operators needs from around it. */
export interface OperatorSessionsOptions {
  readonly spine: Spine;
  readonly onError: (error: unknown) => void;
}

/** Operators in one message, which may be 8 KB each. */
const PAGE = 100;

/** Follows operators, and tells the owner of their tenant. */
export function createOperatorSessions({ spine, onError }: OperatorSessionsOptions): OperatorSessions {
  const byTenant = new Map<TenantId, Set<Session>>();
  const tell = async (tenant: TenantId, operators: OperatorRecord[], ended: EndedOperator[]): Promise<void> => {
    try {
      await callBrain(spine, 'tasks.renew', { tenant, operators, ended }, deadlineIn(BRAIN_TIMEOUT_MS));
    } catch (error) {
      onError(error);
    }
  };
  const renew = (isMeant: (tenant: TenantId) => boolean): void => {
    for (const [tenant, sessions] of byTenant) {
      if (!isMeant(tenant)) continue;
      const records = [...sessions].flatMap(({ operator }) => (operator === undefined ? [] : [operator]));
      for (let at = 0; at < records.length; at += PAGE) void tell(tenant, records.slice(at, at + PAGE), []);
    }
  };
  return {
    joined: (session, record) => {
      session.operator = record;
      const sessions = byTenant.get(session.tenant) ?? new Set();
      byTenant.set(session.tenant, sessions.add(session));
    },
    left: async (session) => {
      const { tenant, operator } = session;
      if (operator === undefined) return;
      session.operator = undefined;
      const sessions = byTenant.get(tenant);
      sessions?.delete(session);
      if (sessions?.size === 0) byTenant.delete(tenant);
      const { clientId, sessionId } = operator;
      await tell(tenant, [], [{ clientId, sessionId } as EndedOperator]);
    },
    renew: () => renew(() => true),
    renewIn: (partition) => renew((tenant) => tenantPartition(tenant) === partition),
  };
}
