import { createPipeline } from '@arqonbus/pipeline';
import type { Stage } from '@arqonbus/pipeline';
import { createTestIngress, createTestOrigin } from '@arqonbus/pipeline/testing';
import { createMetrics } from '@arqonbus/telemetry';

/** Sends one message through these stages each time it is run. Throws where one refuses it. */
export function stageChain(stages: readonly Stage[], payload: Uint8Array, contentType: string): () => unknown {
  const errors: unknown[] = [];
  const run = createPipeline(stages, {
    metrics: createMetrics(),
    monotonicMs: () => performance.now(),
    onStageError: (_, error) => String(errors.push(error)),
  });
  const origin = createTestOrigin({ isSubscribed: () => true });
  const ingress = createTestIngress({ room: 'shop', channel: 'orders', payload, contentType }, origin);
  return () => {
    const outcome = run(ingress);
    if (outcome.kind === 'block') throw new Error(`it was refused: ${outcome.reason} ${String(errors[0])}`);
    return outcome;
  };
}
