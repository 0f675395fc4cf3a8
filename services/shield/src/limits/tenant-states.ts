import { createTokenBucket } from '@arqonbus/pipeline';
import type { TokenBucket } from '@arqonbus/pipeline';
import type { Limits } from '@arqonbus/protocol';

/** What this Shield counts and holds a tenant to. */
export interface TenantState {
  readonly messages: TokenBucket;
  readonly bytes: TokenBucket;
  connections: number;
  messagesIn: number;
  messagesOut: number;
}

/** The states of all tenants with something going on here. */
export interface TenantStates {
  /** The tenant's state, made when it is first asked for. */
  of(tenant: string): TenantState;
  /** Forgets tenants without a connection whose buckets have long refilled, so that memory follows use. */
  sweep(): void;
}

/** No tenants yet. */
export function createTenantStates(limits: Limits, monotonicMs: () => number): TenantStates {
  const states = new Map<string, TenantState>();
  return {
    of: (tenant) => {
      const known = states.get(tenant);
      if (known !== undefined) return known;
      const made = createTenantState(limits, monotonicMs());
      states.set(tenant, made);
      return made;
    },
    sweep: () => {
      for (const [tenant, state] of states) {
        if (state.connections === 0 && state.messages.isFull(monotonicMs()) && state.bytes.isFull(monotonicMs()))
          states.delete(tenant);
      }
    },
  };
}

function createTenantState(limits: Limits, nowMs: number): TenantState {
  return {
    messages: createTokenBucket(limits.messagesPerTenantPerSecond, limits.messagesPerTenantPerSecond, nowMs),
    bytes: createTokenBucket(
      limits.bytesPerTenantPerSecond,
      Math.max(limits.bytesPerTenantPerSecond, limits.maxFrameBytes),
      nowMs,
    ),
    connections: 0,
    messagesIn: 0,
    messagesOut: 0,
  };
}
