import {
  createAuthorizeStage,
  createCasilStage,
  createDecodeStage,
  createPipeline,
  createRateStage,
  createSchemaStage,
  createStampStage,
  createValidateStage,
} from '@arqonbus/pipeline';
import type { Pipeline, StageName } from '@arqonbus/pipeline';
import type { Counter } from '@arqonbus/telemetry';
import type { CasilShieldParts } from './compose-casil.ts';
import type { SchemaShieldParts } from './compose-schemas.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import type { Ids } from './ids.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What looks at content. */
export interface ContentParts {
  readonly casil: CasilShieldParts;
  readonly schemas: SchemaShieldParts;
}

/** The chain of stages that every frame passes (05, "Pipeline"). */
export function composePipeline(
  options: ShieldOptions,
  ids: Ids,
  { tenantStates }: DeliveryParts,
  internalErrors: Counter,
  { casil: { policies, observer }, schemas }: ContentParts,
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
      createStampStage(ids.nextMessageId),
    ],
    {
      metrics,
      monotonicMs: () => clock.monotonicMs(),
      onStageError,
      onSwitch: (listener) => {
        policies.onChange(listener);
        schemas.registry.onChange(listener);
      },
    },
  );
}
