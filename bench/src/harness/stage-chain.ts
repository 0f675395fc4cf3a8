import { createRights } from '@arqonbus/auth';
import { createPipeline, createRateBudget } from '@arqonbus/pipeline';
import type { Ingress, Stage } from '@arqonbus/pipeline';
import { DEFAULT_LIMITS, createEnvelope } from '@arqonbus/protocol';
import type { ClientId, TenantId, UserId } from '@arqonbus/protocol';
import { createMetrics } from '@arqonbus/telemetry';

/** Sends one message through these stages each time it is run. Throws where one refuses it. */
export function stageChain(stages: readonly Stage[], payload: Uint8Array, contentType: string): () => unknown {
  const errors: unknown[] = [];
  const run = createPipeline(stages, {
    metrics: createMetrics(),
    monotonicMs: () => performance.now(),
    onStageError: (_, error) => String(errors.push(error)),
  });
  const envelope = { ...createEnvelope('event'), room: 'shop', channel: 'orders', payload, contentType };
  const ingress: Ingress = { origin, frame: new Uint8Array(0), nowMs: 0, monotonicMs: 0, envelope };
  return () => {
    const outcome = run(ingress);
    if (outcome.kind === 'block') throw new Error(`it was refused: ${outcome.reason} ${String(errors[0])}`);
    return outcome;
  };
}

const origin: Ingress['origin'] = {
  tenant: 'acme' as TenantId,
  user: 'alice' as UserId,
  clientId: 'n0a1b2c3d4e5f_6a7b8c9d0e1f2a3b4c5d' as ClientId,
  rights: createRights('user', [], { accessDefault: 'open' }),
  format: 'json',
  defaultRoom: '',
  defaultChannel: '',
  budget: createRateBudget(DEFAULT_LIMITS, 0),
  isSubscribed: () => true,
};
