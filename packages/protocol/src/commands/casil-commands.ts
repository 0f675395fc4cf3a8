import { channelSchema, nothingSchema, roomSchema } from './argument-schemas.ts';

const globs = { type: 'array', items: { type: 'string', maxLength: 257 }, maxItems: 256 } as const;
const decision = { type: 'string', enum: ['allow', 'block'] } as const;

/** The settings of CASIL by name, as the section `casil` of the configuration has them. */
const casilProperties = {
  enabled: { type: 'boolean' },
  mode: { type: 'string', enum: ['monitor', 'enforce'] },
  default_decision: decision as typeof decision,
  scope_include: globs as typeof globs,
  scope_exclude: globs as typeof globs,
  max_payload_bytes: { type: 'integer', minimum: 1, maximum: 1_048_576 },
  max_inspect_bytes: { type: 'integer', minimum: 256, maximum: 1_048_576 },
  max_patterns: { type: 'integer', minimum: 0, maximum: 32 },
  block_on_probable_secret: { type: 'boolean' },
  redaction_paths: {
    type: 'array',
    items: { type: 'string', maxLength: 256 },
    maxItems: 256,
    description: 'Names of members at any depth, or JSON pointers with `*`.',
  },
  redaction_patterns: {
    type: 'array',
    items: { type: 'string', maxLength: 512 },
    maxItems: 32,
    description: 'Expressions after RE2.',
  },
  transport_redaction: { type: 'boolean' },
  metadata_to_logs: { type: 'boolean' },
  metadata_to_telemetry: { type: 'boolean' },
  metadata_to_envelope: { type: 'boolean' },
  never_log_payload_for: globs as typeof globs,
  detectors: { type: 'object', description: 'Actions (`allow`, `redact`, `block`) by detector.' },
  views: {
    type: 'array',
    items: { type: 'string', maxLength: 512 },
    maxItems: 3,
    description: 'Who sees what others see redacted: `role:moderator=card_number+iban`; the first that fits counts.',
  },
  partial: decision as typeof decision,
  opaque: decision as typeof decision,
} as const;

const settingsResult = {
  type: 'object',
  properties: {
    settings: { type: 'object', properties: casilProperties as typeof casilProperties },
    revision: { type: 'integer', description: 'Of what the tenant has changed; 0 = nothing.' },
  },
  required: ['settings', 'revision'],
} as const;

/** Commands of administrators about the inspection of content in their tenant (CAS-9). */
export const casilCommands = {
  'op.casil.get': {
    name: 'op.casil.get',
    summary: 'Tells the settings of content inspection in force for the tenant.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: nothingSchema as typeof nothingSchema,
    result: settingsResult as typeof settingsResult,
  },
  'op.casil.reload': {
    name: 'op.casil.reload',
    summary: 'Changes some settings of content inspection for the tenant, everywhere at once.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT'],
    hasSecretArgs: true,
    args: { type: 'object', properties: casilProperties as typeof casilProperties },
    result: settingsResult as typeof settingsResult,
  },
  'op.casil.reset': {
    name: 'op.casil.reset',
    summary: 'Lets content inspection of the tenant be again what configuration says.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: nothingSchema as typeof nothingSchema,
    result: settingsResult as typeof settingsResult,
  },
  'op.casil.test': {
    name: 'op.casil.test',
    summary: 'Tells what enforcing would do to a payload; nothing is sent, logged or counted.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: {
        payload: { description: 'Any JSON value.' },
        room: roomSchema as typeof roomSchema,
        channel: channelSchema as typeof channelSchema,
      },
      required: ['payload'],
    },
    result: {
      type: 'object',
      properties: {
        decision: { type: 'string', enum: ['ALLOW', 'ALLOW_WITH_REDACTION', 'BLOCK'] },
        reason_code: { type: 'string' },
        kind: { type: 'string' },
        risk_level: { type: 'string', enum: ['low', 'medium', 'high', 'unknown'] },
        flags: { type: 'array', items: { type: 'string' } },
        findings: {
          type: 'array',
          items: {
            type: 'object',
            properties: { detector: { type: 'string' }, path: { type: 'string' }, action: { type: 'string' } },
            required: ['detector', 'path', 'action'],
          },
        },
        payload: { description: 'What would be delivered; absent where it would be blocked.' },
      },
      required: ['decision', 'reason_code', 'kind', 'risk_level', 'flags', 'findings'],
    },
  },
} as const;
