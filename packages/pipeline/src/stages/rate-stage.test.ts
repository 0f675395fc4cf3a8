import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import type { Ingress, Origin } from '../ingress.ts';
import { createTestIngress, createTestOrigin } from '../ingress-rig.ts';
import { createRateBudget } from '../rate-budget.ts';
import { createTokenBucket } from '../token-bucket.ts';
import type { TokenBucket } from '../token-bucket.ts';
import { createRateStage } from './rate-stage.ts';

const plenty = createTokenBucket(1_000_000_000, 1_000_000_000, 0);

function message(origin: Origin, bytes: number, monotonicMs = 0): Ingress {
  return { ...createTestIngress({}, origin), frame: new Uint8Array(bytes), monotonicMs };
}

function withBudget(messages: TokenBucket, bytes: TokenBucket): Origin {
  return createTestOrigin({ budget: { messages, bytes, commands: plenty } });
}

describe('the rate stage', () => {
  it('[PRT-23] lets a burst of 200 through and then 100 messages a second', () => {
    const stage = createRateStage(() => ({ messages: plenty, bytes: plenty }));
    const origin = createTestOrigin({ budget: createRateBudget(DEFAULT_LIMITS, 0) });
    for (let i = 0; i < 200; i++) expect(stage.check(message(origin, 100)).kind).toBe('allow');
    expect(stage.check(message(origin, 100))).toMatchObject({
      kind: 'block',
      code: 'RATE_LIMITED',
      reason: 'messages',
      retryAfterMs: 10,
    });
    expect(stage.check(message(origin, 100, 10)).kind).toBe('allow');
    expect(stage.check(message(origin, 100, 10)).kind).toBe('block');
  });

  it('[PRT-23] holds a connection to its bytes, and tells when this frame would fit', () => {
    const stage = createRateStage(() => ({ messages: plenty, bytes: plenty }));
    const origin = withBudget(plenty, createTokenBucket(1_000, 4_000, 0));
    expect(stage.check(message(origin, 3_900)).kind).toBe('allow');
    expect(stage.check(message(origin, 600))).toMatchObject({
      code: 'RATE_LIMITED',
      reason: 'bytes',
      retryAfterMs: 500,
    });
    expect(stage.check(message(origin, 600, 500)).kind).toBe('allow');
  });

  it('[PRT-23] gives every connection room for one frame of the largest size', () => {
    const budget = createRateBudget({ ...DEFAULT_LIMITS, bytesPerSecond: 1_000 }, 0);
    const stage = createRateStage(() => ({ messages: plenty, bytes: plenty }));
    expect(stage.check(message(createTestOrigin({ budget }), DEFAULT_LIMITS.maxFrameBytes)).kind).toBe('allow');
  });

  it('[PRT-23] holds all connections of a tenant to its messages, and spares other tenants (T-14)', () => {
    const budgets = new Map<string, TokenBucket>([['acme', createTokenBucket(4, 2, 0)]]);
    const stage = createRateStage((tenant) => ({ messages: budgets.get(tenant) ?? plenty, bytes: plenty }));
    expect(stage.check(message(withBudget(plenty, plenty), 10)).kind).toBe('allow');
    expect(stage.check(message(withBudget(plenty, plenty), 10)).kind).toBe('allow');
    expect(stage.check(message(withBudget(plenty, plenty), 10))).toMatchObject({
      code: 'RATE_LIMITED',
      reason: 'tenant_messages',
      retryAfterMs: 250,
    });
    const other = createTestOrigin({ tenant: 'globex' as TenantId, budget: withBudget(plenty, plenty).budget });
    expect(stage.check(message(other, 10)).kind).toBe('allow');
  });

  it('[PRT-23] holds all connections of a tenant to its bytes', () => {
    const bytes = createTokenBucket(1_000, 1_000, 0);
    const stage = createRateStage(() => ({ messages: plenty, bytes }));
    expect(stage.check(message(withBudget(plenty, plenty), 900)).kind).toBe('allow');
    expect(stage.check(message(withBudget(plenty, plenty), 200))).toMatchObject({
      code: 'RATE_LIMITED',
      reason: 'tenant_bytes',
      retryAfterMs: 100,
    });
  });

  it('[PRT-23] does not charge the tenant for what the connection itself may not send', () => {
    const messages = createTokenBucket(1, 1, 0);
    const stage = createRateStage(() => ({ messages, bytes: plenty }));
    const spent = createTokenBucket(1, 1, 0);
    spent.take(1, 0);
    expect(stage.check(message(withBudget(spent, plenty), 10)).kind).toBe('block');
    expect(stage.check(message(withBudget(plenty, plenty), 10)).kind).toBe('allow');
  });
});
