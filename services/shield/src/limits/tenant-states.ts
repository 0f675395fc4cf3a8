import { createTokenBucket } from '@arqonbus/pipeline';
import type { TokenBucket } from '@arqonbus/pipeline';
import type { Limits } from '@arqonbus/protocol';

/** What this Shield counts and holds a tenant to. */
export interface TenantState {
  readonly messages: TokenBucket;
  readonly bytes: TokenBucket;
  connections: number;
  /** Connections of the tenant at other Shields, as far as is known (PRT-27). */
  connectionsElsewhere: number;
  /** Connections of users at other Shields: of those who have many. */
  usersElsewhere: ReadonlyMap<string, number>;
  messagesIn: number;
  bytesIn: number;
  messagesOut: number;
}

/** The states of all tenants with something going on here. */
export interface TenantStates {
  /** The tenant's state, made when it is first asked for. */
  of(tenant: string): TenantState;
  /** All of them, by tenant. */
  all(): Iterable<readonly [tenant: string, state: TenantState]>;
  /** Holds a tenant to parts of its limits, from 0 to 1. */
  grant(tenant: string, messages: number, bytes: number): void;
  /** Forgets tenants without a connection whose buckets have long refilled, so that memory follows use. */
  sweep(): void;
}

/**
 * The part of a tenant's limits that a Shield begins with, before the Brain has granted it one: several may begin at
 * the same time.
 */
const FIRST_SHARE = 0.5;

/** No tenants yet. */
export function createTenantStates(limits: Limits, monotonicMs: () => number): TenantStates {
  const states = new Map<string, TenantState>();
  const of = (tenant: string): TenantState => {
    const known = states.get(tenant);
    if (known !== undefined) return known;
    const made = createTenantState(limits, monotonicMs());
    states.set(tenant, made);
    return made;
  };
  return {
    of,
    all: () => states,
    grant: (tenant, messages, bytes) => {
      const state = states.get(tenant);
      if (state === undefined) return;
      const messageRate = rateOf(limits.messagesPerTenantPerSecond, messages);
      const byteRate = rateOf(limits.bytesPerTenantPerSecond, bytes);
      state.messages.setRate(messageRate, messageRate, monotonicMs());
      state.bytes.setRate(byteRate, Math.max(byteRate, limits.maxFrameBytes), monotonicMs());
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
  const messageRate = rateOf(limits.messagesPerTenantPerSecond, FIRST_SHARE);
  const byteRate = rateOf(limits.bytesPerTenantPerSecond, FIRST_SHARE);
  return {
    messages: createTokenBucket(messageRate, messageRate, nowMs),
    bytes: createTokenBucket(byteRate, Math.max(byteRate, limits.maxFrameBytes), nowMs),
    connections: 0,
    connectionsElsewhere: 0,
    usersElsewhere: NOBODY,
    messagesIn: 0,
    bytesIn: 0,
    messagesOut: 0,
  };
}

const NOBODY: ReadonlyMap<string, number> = new Map();

/** Whole, and never nothing: a tenant can always find out that it may go on. */
function rateOf(limit: number, share: number): number {
  const part = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : FIRST_SHARE;
  return Math.max(1, Math.floor(limit * part));
}
