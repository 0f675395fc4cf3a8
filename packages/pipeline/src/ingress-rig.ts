import { createRights } from '@arqonbus/auth';
import { DEFAULT_LIMITS, createEnvelope } from '@arqonbus/protocol';
import type { ClientId, Envelope, TenantId, UserId } from '@arqonbus/protocol';
import type { Ingress, Origin } from './ingress.ts';
import { createRateBudget } from './rate-budget.ts';

/** For tests: an origin that is subscribed to nothing, changed as a test needs it. */
export function createTestOrigin(changes: Partial<Origin> = {}): Origin {
  return {
    tenant: 'acme' as TenantId,
    user: 'auth0|5f7c8ec7c33c6c004bbafe82' as UserId,
    clientId: 'n0a1b2c3d4e5f_6a7b8c9d0e1f2a3b4c5d' as ClientId,
    rights: createRights('user', [], { accessDefault: 'open' }),
    format: 'json',
    defaultRoom: '',
    defaultChannel: '',
    budget: createRateBudget(DEFAULT_LIMITS, 0),
    isSubscribed: () => false,
    ...changes,
  };
}

/** For tests: a message of this origin that has been decoded to these fields. */
export function createTestIngress(fields: Partial<Envelope>, origin: Origin = createTestOrigin()): Ingress {
  return {
    origin,
    frame: new Uint8Array(0),
    nowMs: Date.UTC(2026, 2, 1, 9, 30),
    monotonicMs: 0,
    envelope: { ...createEnvelope('event'), ...fields },
  };
}
