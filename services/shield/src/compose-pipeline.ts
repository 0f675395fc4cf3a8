import {
  createAuthorizeStage,
  createDecodeStage,
  createPipeline,
  createRateStage,
  createStampStage,
  createValidateStage,
} from '@arqonbus/pipeline';
import type { Pipeline } from '@arqonbus/pipeline';
import type { Counter } from '@arqonbus/telemetry';
import type { DeliveryParts } from './compose-delivery.ts';
import type { Ids } from './ids.ts';
import type { ShieldOptions } from './shield-options.ts';

/** The chain of stages that every frame passes (05, "Pipeline"). */
export function composePipeline(
  options: ShieldOptions,
  ids: Ids,
  { tenantStates }: DeliveryParts,
  internalErrors: Counter,
): Pipeline {
  const { limits, clock, metrics, logger } = options;
  return createPipeline(
    [
      createRateStage((tenant) => tenantStates.of(tenant)),
      createDecodeStage(limits),
      createValidateStage(limits),
      createAuthorizeStage(),
      createStampStage(ids.nextMessageId),
    ],
    {
      metrics,
      monotonicMs: () => clock.monotonicMs(),
      onStageError: (stage, error) => {
        internalErrors.inc();
        const traceId = ids.nextTraceId();
        logger.error({ event: 'stage_failed', trace_id: traceId, stage, err: error }, 'a stage of the pipeline failed');
        return traceId;
      },
    },
  );
}
