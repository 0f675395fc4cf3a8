import type { TenantId } from '@arqonbus/protocol';
import { SharesChangedSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { ShareResult, TenantShare } from '@arqonbus/protocol/spine-messages';
import { BRAIN_TIMEOUT_MS, byPartition, callBrain, ctl, deadlineIn, tenantPartition } from '@arqonbus/spine';
import type { BrainRequest, Spine } from '@arqonbus/spine';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { TenantState, TenantStates } from './tenant-states.ts';

/** Keeps each tenant to this Shield's part of its limits for the whole cluster (PRT-27). */
export interface TenantShares {
  /** Tells the Brain what tenants ask for and takes the shares that it grants; run every second. */
  exchange(): void;
  /** Does so for one tenant now, without waiting for the next second. */
  refresh(tenant: TenantId): void;
  stop(): void;
}

/** What exchanging needs from around it. */
export interface TenantSharesOptions {
  readonly node: string;
  readonly spine: Spine;
  readonly tenantStates: TenantStates;
  readonly sessions: SessionRegistry;
  readonly monotonicMs: () => number;
  readonly onMalformed: () => void;
}

interface Seen {
  readonly messagesIn: number;
  readonly bytesIn: number;
  readonly atMs: number;
}

type Usage = NonNullable<BrainRequest<'limits.share'>['tenants']>[number];

/** Without a Brain the shares stay as they are. */
export function createTenantShares(options: TenantSharesOptions): TenantShares {
  const { node, spine, tenantStates, sessions } = options;
  const seen = new WeakMap<TenantState, Seen>();
  const exchangeOf = async (partition: number, tenants: readonly string[]): Promise<void> => {
    const usages = tenants.map((tenant) => usageOf(tenant, tenantStates.of(tenant), seen, options.monotonicMs()));
    try {
      const request = { node, partition, tenants: usages };
      const deadlineMs = deadlineIn(BRAIN_TIMEOUT_MS);
      const result = await callBrain(spine, 'limits.share', request, deadlineMs, { awaitsHandover: false });
      take(tenants, result, tenantStates, sessions);
    } catch {
      // No Brain: what was granted last goes on. The membership reports tell of its absence.
    }
  };
  const exchangeAll = (only?: number): void => {
    for (const [partition, tenants] of byPartition(tenantsHere(tenantStates, seen), tenantPartition)) {
      if (only === undefined || only === partition) void exchangeOf(partition, tenants);
    }
  };
  const changes = spine.subscribe(ctl('limits'), ({ data }) => {
    const change = readMessage(SharesChangedSchema, data);
    if (change === undefined) options.onMalformed();
    else exchangeAll(change.partition);
  });
  return {
    exchange: () => exchangeAll(),
    refresh: (tenant) => void exchangeOf(tenantPartition(tenant), [tenant]),
    stop: () => changes.unsubscribe(),
  };
}

/** Tenants with a connection here, or heard without one since the last time: the others need no share. */
function tenantsHere(tenantStates: TenantStates, seen: WeakMap<TenantState, Seen>): readonly string[] {
  const isHeard = (state: TenantState): boolean => state.messagesIn !== (seen.get(state)?.messagesIn ?? 0);
  return [...tenantStates.all()]
    .filter(([, state]) => state.connections > 0 || isHeard(state))
    .map(([tenant]) => tenant);
}

/** What was asked for since the last time, per second. A span of no length tells nothing. */
function usageOf(tenant: string, state: TenantState, seen: WeakMap<TenantState, Seen>, nowMs: number): Usage {
  const { messagesIn, bytesIn } = state;
  const last = seen.get(state) ?? { messagesIn: 0, bytesIn: 0, atMs: nowMs - 1_000 };
  const seconds = Math.max(0.1, (nowMs - last.atMs) / 1_000);
  seen.set(state, { messagesIn, bytesIn, atMs: nowMs });
  return { tenant, messages: (messagesIn - last.messagesIn) / seconds, bytes: (bytesIn - last.bytesIn) / seconds };
}

function take(
  tenants: readonly string[],
  { tenants: shares }: ShareResult,
  tenantStates: TenantStates,
  sessions: SessionRegistry,
): void {
  for (const [index, tenant] of tenants.entries()) {
    const share = shares[index];
    if (share === undefined) continue;
    tenantStates.grant(tenant, share.messages, share.bytes);
    const state = tenantStates.of(tenant);
    state.connectionsElsewhere = Math.max(0, share.connections - state.connections);
    state.usersElsewhere = elsewhereOf(tenant, share, sessions);
  }
}

function elsewhereOf(tenant: string, { users }: TenantShare, sessions: SessionRegistry): ReadonlyMap<string, number> {
  const elsewhere = new Map<string, number>();
  for (const { user, connections } of users) {
    const count = connections - sessions.countOfUser(tenant, user);
    if (count > 0) elsewhere.set(user, count);
  }
  return elsewhere;
}
