import type { Violation } from '@arqonbus/schema';
import type { BoundSchema } from '../bound-schema.ts';
import type { Ingress } from '../ingress.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, block } from '../verdict.ts';
import type { Block, Verdict } from '../verdict.ts';

/** Why a payload is told of: it does not fit, or there is nothing to hold it to. */
export type SchemaReason = 'schema_mismatch' | 'schema_unavailable';

/** What holding payloads to schemas needs from around it. */
export interface SchemaStageOptions {
  /** False while no tenant has a binding: the stage is not in the list then (SAF-4). */
  readonly isOn: () => boolean;
  /** The schema that holds for a channel; undefined = none does. */
  readonly schemaFor: (tenant: string, room: string, channel: string) => BoundSchema | undefined;
  /** Told of every payload that does not fit, refused or not. Must neither throw nor take long. */
  readonly onViolation: (ingress: Ingress, told: SchemaRefusal) => void;
}

/** What is wrong with a payload. */
export interface SchemaRefusal {
  readonly bound: BoundSchema;
  readonly reason: SchemaReason;
  readonly violations: readonly Violation[];
}

/**
 * Holds what goes to a channel to the schema that is bound to it (SCH-2): events, those to a whole room where the pattern
 * covers `*`, private messages and telemetry that name a channel. Commands go to no channel.
 */
export function createSchemaStage(options: SchemaStageOptions): Stage {
  return {
    name: 'schema',
    isOn: options.isOn,
    check: (ingress) => {
      const { envelope, origin } = ingress;
      if (envelope.type === 'command' || envelope.room === '') return ALLOW;
      const bound = options.schemaFor(origin.tenant, envelope.room, envelope.channel);
      return bound === undefined ? ALLOW : checkBound(ingress, bound, options);
    },
    recheck: (ingress) => {
      const refusal = recheckSchema(ingress, ingress.envelope.payload);
      if (refusal === undefined) return ALLOW;
      options.onViolation(ingress, refusal);
      return blockBySchema(refusal);
    },
  };
}

const NO_VIOLATIONS: readonly Violation[] = Object.freeze([]);

function checkBound(ingress: Ingress, bound: BoundSchema, { onViolation }: SchemaStageOptions): Verdict {
  const violations = bound.schema === undefined ? NO_VIOLATIONS : violationsOf(ingress, bound);
  if (bound.schema !== undefined && violations.length === 0) {
    ingress.schema = bound;
    return ALLOW;
  }
  const reason = bound.schema === undefined ? 'schema_unavailable' : 'schema_mismatch';
  const refusal: SchemaRefusal = { bound, reason, violations };
  onViolation(ingress, refusal);
  return bound.mode === 'enforce' ? blockBySchema(refusal) : ALLOW;
}

function violationsOf({ envelope }: Ingress, { schema, schemaId }: BoundSchema): readonly Violation[] {
  // The sender says that it is something else than what belongs here.
  if (envelope.schema !== '' && envelope.schema !== schemaId)
    return [{ path: 'schema', message: `must be ${schemaId}, or not be named` }];
  return schema?.violations({ bytes: envelope.payload, contentType: envelope.contentType }) ?? NO_VIOLATIONS;
}

/** The refusal of a payload that does not fit. */
export function blockBySchema({ bound, reason, violations }: SchemaRefusal): Block {
  const details = { reason, schema_id: bound.schemaId, version: bound.version, violations };
  return { ...block('SCHEMA_VIOLATION', reason), details };
}

/**
 * What is wrong with a payload that a later stage would put in the place of the one that passed, where the schema of its
 * channel is enforced (SAF-6); undefined = nothing is.
 */
export function recheckSchema({ envelope, schema: bound }: Ingress, payload: Uint8Array): SchemaRefusal | undefined {
  if (bound?.schema === undefined || bound.mode !== 'enforce') return undefined;
  const violations = bound.schema.violations({ bytes: payload, contentType: envelope.contentType });
  return violations.length === 0 ? undefined : { bound, reason: 'schema_mismatch', violations };
}
