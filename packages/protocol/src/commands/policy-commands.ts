import { channelSchema, cursorSchema, limitSchema, roomSchema, timeSchema } from './argument-schemas.ts';

const nameSchema = {
  type: 'string',
  pattern: '^[a-z0-9][a-z0-9_-]{0,63}$',
  description: 'Name of the policy.',
} as const;
const versionSchema = {
  type: 'integer',
  minimum: 1,
  maximum: 1_000_000_000,
  description: 'Default: the newest.',
} as const;
const patternSchema = {
  type: 'string',
  maxLength: 257,
  description: '`room:channel` with `*`; `*` alone is everything, what has no room included.',
} as const;
const orderSchema = {
  type: 'integer',
  minimum: -1000,
  maximum: 1000,
  description: 'Lower ones are asked first.',
} as const;

const bindingSchema = {
  type: 'object',
  properties: {
    pattern: { type: 'string' },
    version: { type: 'integer' },
    order: { type: 'integer' },
  },
  required: ['pattern', 'version', 'order'],
} as const;

const itemSchema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    version: { type: 'integer' },
    digest: { type: 'string', description: 'SHA-256 of the binary.' },
    bytes: { type: 'integer' },
    fuel: { type: 'integer', description: 'The most that one call may take.' },
    memory_bytes: { type: 'integer', description: 'The most memory that it may have.' },
    created_at: timeSchema as typeof timeSchema,
    created_by: { type: 'string' },
    bindings: { type: 'array', items: bindingSchema as typeof bindingSchema, description: 'Where it judges.' },
  },
  required: ['name', 'version', 'digest', 'bytes', 'fuel', 'memory_bytes', 'created_at', 'created_by', 'bindings'],
} as const;

const contextSchema = {
  type: 'object',
  description: 'What is known of the message beside its payload.',
  properties: {
    room: roomSchema as typeof roomSchema,
    channel: channelSchema as typeof channelSchema,
    type: { type: 'string', enum: ['event', 'private', 'command', 'telemetry'] },
    sender: { type: 'string', maxLength: 128 },
    headers: { type: 'object', additionalProperties: { type: 'string', maxLength: 4_096 } },
    claims: { type: 'object', additionalProperties: { type: 'string', maxLength: 4_096 } },
  },
} as const;

/** Commands of administrators about the policies of their tenant (WSM-1). */
export const policyCommands = {
  'op.policy.put': {
    name: 'op.policy.put',
    summary: 'Takes in a WebAssembly module as the next version of a policy; it judges nothing before it is bound.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'QUOTA_EXCEEDED'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: {
        name: nameSchema as typeof nameSchema,
        wasm: { type: 'string', maxLength: 1_400_000, description: 'The binary, or a gzip of it, in base64.' },
        fuel: { type: 'integer', minimum: 1_000, maximum: 2_000_000, description: 'Of one call. Default 1,000,000.' },
        memory_bytes: { type: 'integer', minimum: 65_536, maximum: 4_194_304, description: 'Default 4 MiB.' },
      },
      required: ['name', 'wasm'],
    },
    result: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        version: { type: 'integer' },
        digest: { type: 'string' },
        exports: { type: 'array', items: { type: 'string' } },
        abi: { type: 'string' },
      },
      required: ['name', 'version', 'digest', 'exports', 'abi'],
    },
  },
  'op.policy.bind': {
    name: 'op.policy.bind',
    summary: 'Lets a version of a policy judge what a pattern means, in the place of the version that did before.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'NOT_FOUND', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        name: nameSchema as typeof nameSchema,
        version: versionSchema as typeof versionSchema,
        pattern: patternSchema as typeof patternSchema,
        order: orderSchema as typeof orderSchema,
      },
      required: ['name', 'pattern'],
    },
    result: {
      type: 'object',
      properties: { name: { type: 'string' }, version: { type: 'integer' }, revision: { type: 'integer' } },
      required: ['name', 'version', 'revision'],
    },
  },
  'op.policy.unbind': {
    name: 'op.policy.unbind',
    summary: 'Takes a policy out of force, where a pattern says or everywhere.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT'],
    args: {
      type: 'object',
      properties: { name: nameSchema as typeof nameSchema, pattern: patternSchema as typeof patternSchema },
      required: ['name'],
    },
    result: { type: 'object', properties: { unbound: { type: 'integer' } }, required: ['unbound'] },
  },
  'op.policy.list': {
    name: 'op.policy.list',
    summary: 'Lists the policies of the tenant, each version with where it judges.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: { cursor: cursorSchema as typeof cursorSchema, limit: limitSchema as typeof limitSchema },
    },
    result: {
      type: 'object',
      properties: { items: { type: 'array', items: itemSchema as typeof itemSchema }, cursor: { type: 'string' } },
      required: ['items'],
    },
  },
  'op.policy.delete': {
    name: 'op.policy.delete',
    summary: 'Deletes a version of a policy, or all of them; none that is bound.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT'],
    args: {
      type: 'object',
      properties: { name: nameSchema as typeof nameSchema, version: versionSchema as typeof versionSchema },
      required: ['name'],
    },
    result: { type: 'object', properties: { deleted: { type: 'integer' } }, required: ['deleted'] },
  },
  'op.policy.test': {
    name: 'op.policy.test',
    summary: 'Tells what a policy would say of a payload; nothing is sent, logged or counted.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND', 'POLICY_ERROR'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: {
        name: nameSchema as typeof nameSchema,
        version: versionSchema as typeof versionSchema,
        payload: { description: 'Any JSON value.' },
        context: contextSchema as typeof contextSchema,
      },
      required: ['name', 'payload'],
    },
    result: {
      type: 'object',
      properties: {
        verdict: { type: 'string', enum: ['allow', 'change', 'reject', 'fault'] },
        code: { type: 'string', description: "The policy's own, with `reject`." },
        reason: { type: 'string' },
        fuel: { type: 'integer' },
        duration_us: { type: 'number' },
        payload: { description: 'What would be delivered, with `change`.' },
      },
      required: ['verdict', 'fuel', 'duration_us'],
    },
  },
  'op.policy.dry_run': {
    name: 'op.policy.dry_run',
    summary:
      'Tries a version on live messages beside the one in force, for some minutes, and tells what differs so far.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'NOT_FOUND', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        name: nameSchema as typeof nameSchema,
        version: versionSchema as typeof versionSchema,
        minutes: { type: 'integer', minimum: 0, maximum: 60, description: 'Absent: tell only. 0: end it.' },
      },
      required: ['name'],
    },
    result: {
      type: 'object',
      properties: {
        version: { type: 'integer', description: 'Which is tried; absent = none is.' },
        until: timeSchema as typeof timeSchema,
        compared: { type: 'integer', description: 'Messages that both have judged, at this Shield.' },
        different: { type: 'integer' },
        differences: {
          type: 'array',
          description: 'The first hundred.',
          items: {
            type: 'object',
            properties: {
              at: timeSchema as typeof timeSchema,
              room: { type: 'string' },
              channel: { type: 'string' },
              bound: { type: 'string', description: 'What the version in force said.' },
              candidate: { type: 'string' },
            },
            required: ['at', 'room', 'channel', 'bound', 'candidate'],
          },
        },
      },
      required: ['compared', 'different', 'differences'],
    },
  },
} as const;
