import type { BoundSchema } from '@arqonbus/pipeline';
import { parseSchemaKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';
import { TenantSchemas } from './tenant-schemas.ts';

/** The schemas and bindings in force at this Shield (SCH-1). */
export interface SchemaRegistry {
  /** False while no tenant has a binding (SAF-4). */
  isOn(): boolean;
  /** What holds for a channel; undefined = nothing does. */
  schemaFor(tenant: string, room: string, channel: string): BoundSchema | undefined;
  /** Told whenever {@link isOn} may be another. */
  onChange(listener: () => void): void;
  /** Resolves when all of it is known; nobody is let in before (SCH-4). */
  readonly ready: Promise<void>;
  /** False while changes may have come that are not known yet: nothing is accepted meanwhile (SPN-6). */
  isCurrent(): boolean;
  counts(): { readonly schemas: number; readonly bindings: number };
  stop(): void;
}

/** What following the registry needs from around it. */
export interface SchemaRegistryOptions {
  /** `ARQON_SCHEMAS`. */
  readonly bucket: KeyValue;
  readonly logger: Logger;
  /** Counts what could not be used. */
  readonly refused: { inc(): void };
}

/**
 * Follows the registry. A schema that cannot be used is as one that is missing: what is enforced by it is blocked. While the
 * registry cannot be reached, what was known last holds.
 */
export function followSchemas({ bucket, logger, refused }: SchemaRegistryOptions): SchemaRegistry {
  const known = new TenantSchemas((tenant, schemaId, problem) => {
    refused.inc();
    logger.error({ event: 'schema_unusable', tenant, schema_id: schemaId, problem }, 'a schema cannot be used');
  });
  const listeners: (() => void)[] = [];
  let isOn = false;
  const watch = bucket.watch('', ({ key, value, revision }) => {
    const parsed = parseSchemaKey(key);
    if (parsed === undefined) return;
    const { tenant, schemaId } = parsed;
    if (schemaId === undefined) known.setBindings(tenant, value);
    else known.setSchema(tenant, schemaId, value);
    logger.info({ event: 'schemas_applied', tenant, schema_id: schemaId ?? '', revision }, 'schemas have changed');
    isOn = known.isAnyBound();
    for (const listener of listeners) listener();
  });
  return {
    isOn: () => isOn,
    schemaFor: (tenant, room, channel) => known.schemaFor(tenant, room, channel),
    onChange: (listener) => void listeners.push(listener),
    ready: watch.ready,
    isCurrent: () => watch.isCurrent(),
    counts: () => known.counts(),
    stop: () => watch.stop(),
  };
}
