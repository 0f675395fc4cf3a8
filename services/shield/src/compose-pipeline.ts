import {
  createAuthorizeStage,
  createCasilStage,
  createDecodeStage,
  createPipeline,
  createRateStage,
  createStampStage,
  createValidateStage,
} from '@arqonbus/pipeline';
import type { Pipeline, StageName } from '@arqonbus/pipeline';
import type { Counter } from '@arqonbus/telemetry';
import type { CasilShieldParts } from './compose-casil.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import type { Ids } from './ids.ts';
import type { ShieldOptions } from './shield-options.ts';

/** The chain of stages that every frame passes (05, "Pipeline"). */
export function composePipeline(
  options: ShieldOptions,
  ids: Ids,
  { tenantStates }: DeliveryParts,
  internalErrors: Counter,
  { policies, observer }: CasilShieldParts,
): Pipeline {
  const { limits, clock, metrics, logger } = options;
  const onStageError = (stage: StageName, error: unknown): string => {
    internalErrors.inc();
    const traceId = ids.nextTraceId();
    logger.error({ event: 'stage_failed', trace_id: traceId, stage, err: error }, 'a stage of the pipeline failed');
    return traceId;
  };
  return createPipeline(
    [
      createRateStage((tenant) => tenantStates.of(tenant)),
      createDecodeStage(limits),
      createValidateStage(limits),
      createAuthorizeStage(),
      createCasilStage({
        isOn: policies.isOn,
        policyOf: policies.policyOf,
        onDecision: observer.decided,
        onFailure: (error) => onStageError('casil', error),
      }),
      createStampStage(ids.nextMessageId),
    ],
    {
      metrics,
      monotonicMs: () => clock.monotonicMs(),
      onStageError,
      onSwitch: policies.onChange,
    },
  );
}
