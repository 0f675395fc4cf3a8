import type { Ingress, SchemaRefusal } from '@arqonbus/pipeline';
import type { Activity } from './activity/activity.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import { createSchemaObserver } from './schemas/schema-observer.ts';
import { followSchemas } from './schemas/schema-registry.ts';
import type { SchemaRegistry } from './schemas/schema-registry.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What holds payloads to schemas and tells of it. */
export interface SchemaShieldParts {
  readonly registry: SchemaRegistry;
  readonly onViolation: (ingress: Ingress, refusal: SchemaRefusal) => void;
}

/** Composes the schemas in force and who observes them. */
export function composeSchemas(
  { keyValue, metrics, logger }: ShieldOptions,
  parts: Pick<DeliveryParts, 'sessions' | 'envelopes' | 'send'>,
  activity: Activity,
): SchemaShieldParts {
  const registry = followSchemas({
    bucket: keyValue.bucket('ARQON_SCHEMAS'),
    logger,
    refused: metrics.counter('arqonbus_schema_unusable_total', 'Schemas and bindings that could not be used here.'),
  });
  metrics.gauge('arqonbus_schemas', 'Schemas that are known here.', () => registry.counts().schemas);
  metrics.gauge(
    'arqonbus_schema_bindings',
    'Bindings of schemas that are known here.',
    () => registry.counts().bindings,
  );
  return { registry, onViolation: createSchemaObserver({ ...parts, activity, metrics }) };
}
