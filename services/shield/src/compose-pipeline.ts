import {
  createAuthorizeStage,
  createCasilStage,
  createDecodeStage,
  createPipeline,
  createPolicyStage,
  createRateStage,
  createSchemaStage,
  createStampStage,
  createValidateStage,
} from '@arqonbus/pipeline';
import type { Pipeline, StageName } from '@arqonbus/pipeline';
import type { Counter } from '@arqonbus/telemetry';
import type { ContentParts } from './compose-content.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import type { Ids } from './ids.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What looks at content. */
export type JudgingParts = Pick<ContentParts, 'casil' | 'schemas' | 'policy'>;

/** The chain of stages that every frame passes (05, "Pipeline"). */
export function composePipeline(
  options: ShieldOptions,
  ids: Ids,
  { tenantStates }: DeliveryParts,
  internalErrors: Counter,
  { casil: { policies, observer }, schemas, policy: { chains, observer: policyObserver } }: JudgingParts,
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
      createSchemaStage({
        isOn: schemas.registry.isOn,
        schemaFor: schemas.registry.schemaFor,
        onViolation: schemas.onViolation,
      }),
      createCasilStage({
        isOn: policies.isOn,
        policyOf: policies.policyOf,
        onDecision: observer.decided,
        onFailure: (error) => onStageError('casil', error),
      }),
      createPolicyStage({
        isOn: chains.isOn,
        chainOf: chains.chainOf,
        limits,
        monotonicMs: () => clock.monotonicMs(),
        onJudged: policyObserver.onJudged,
        onLog: policyObserver.onLog,
      }),
      createStampStage(ids.nextMessageId),
    ],
    {
      metrics,
      monotonicMs: () => clock.monotonicMs(),
      onStageError,
      onSwitch: (listener) => {
        policies.onChange(listener);
        schemas.registry.onChange(listener);
        chains.onChange(listener);
      },
    },
  );
}
