import { cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const schemaIdSchema = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$',
  description: 'Id of the schema, such as `chat.message.v1`.',
} as const;

const kindSchema = {
  type: 'string',
  enum: ['protobuf', 'json'],
  description: 'JSON Schema 2020-12, or Protobuf.',
} as const;

const compatibilitySchema = {
  type: 'string',
  enum: ['backward', 'forward', 'full', 'none'],
  description:
    'What a new version must get on with; kept for the next ones, but for `none`, which holds for this once. At first `backward`.',
} as const;

const descriptorSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 1_048_576,
  description: 'With `protobuf`: a `FileDescriptorSet` with all imports, perhaps compressed with gzip, in base64.',
} as const;

const textSchema = { type: 'object', description: 'With `json`: the schema.' } as const;

const messageSchema = {
  type: 'string',
  pattern: '^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$',
  maxLength: 256,
  description: 'With `protobuf`: full name of the message; not needed where the last file has one alone.',
} as const;

const patternSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 257,
  description:
    'Where: a `room:channel` glob. Of several that fit, the one with the most characters that are no `*` holds.',
} as const;

const modeSchema = {
  type: 'string',
  enum: ['enforce', 'warn', 'off'],
  description: 'Refuse what does not fit; publish it and tell; or do nothing.',
} as const;

const breaksSchema = {
  type: 'array',
  items: {
    type: 'object',
    properties: { path: { type: 'string' }, change: { type: 'string' } },
    required: ['path', 'change'],
  },
} as const;

const violationsSchema = {
  type: 'array',
  items: {
    type: 'object',
    properties: { path: { type: 'string' }, message: { type: 'string' } },
    required: ['path', 'message'],
  },
} as const;

const digestSchema = { type: 'string', description: '`sha256:<hex>` of the schema.' } as const;

const sharedSchema = {
  type: 'boolean',
  description: 'Whether it is the operator’s, for all tenants to read.',
} as const;

/** A schema in a list: its newest version, without the schema itself. */
const itemSchema = {
  type: 'object',
  properties: {
    schema_id: { type: 'string' },
    kind: kindSchema as typeof kindSchema,
    message: { type: 'string' },
    version: { type: 'integer', minimum: 1 },
    digest: digestSchema as typeof digestSchema,
    compatibility: compatibilitySchema as typeof compatibilitySchema,
    shared: sharedSchema as typeof sharedSchema,
    created_at: timeSchema as typeof timeSchema,
    created_by: { type: 'string' },
  },
  required: ['schema_id', 'kind', 'version', 'digest', 'compatibility', 'shared', 'created_at', 'created_by'],
} as const;

const bindingSchema = {
  type: 'object',
  properties: {
    pattern: patternSchema as typeof patternSchema,
    schema_id: { type: 'string' },
    mode: modeSchema as typeof modeSchema,
  },
  required: ['pattern', 'schema_id', 'mode'],
} as const;

/** Commands of administrators about the schemas that payloads are held to (SCH-5). */
export const schemaCommands = {
  'op.schema.register': {
    name: 'op.schema.register',
    summary: 'Registers a schema, or a new version of it that breaks nothing of what the newest one promises.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'QUOTA_EXCEEDED'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: {
        schema_id: schemaIdSchema as typeof schemaIdSchema,
        kind: kindSchema as typeof kindSchema,
        descriptor: descriptorSchema as typeof descriptorSchema,
        schema: textSchema as typeof textSchema,
        message: messageSchema as typeof messageSchema,
        compatibility: compatibilitySchema as typeof compatibilitySchema,
      },
      required: ['schema_id', 'kind'],
    },
    result: {
      type: 'object',
      properties: { schema_id: { type: 'string' }, version: { type: 'integer' }, digest: { type: 'string' } },
      required: ['schema_id', 'version', 'digest'],
    },
  },
  'op.schema.get': {
    name: 'op.schema.get',
    summary: 'Shows a version of a schema, the newest where none is named.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND'],
    args: {
      type: 'object',
      properties: {
        schema_id: schemaIdSchema as typeof schemaIdSchema,
        version: { type: 'integer', minimum: 1, maximum: 4_294_967_295 },
      },
      required: ['schema_id'],
    },
    result: {
      type: 'object',
      properties: {
        schema_id: { type: 'string' },
        kind: kindSchema as typeof kindSchema,
        message: { type: 'string' },
        version: { type: 'integer', minimum: 1 },
        digest: digestSchema as typeof digestSchema,
        compatibility: compatibilitySchema as typeof compatibilitySchema,
        shared: sharedSchema as typeof sharedSchema,
        created_at: timeSchema as typeof timeSchema,
        created_by: { type: 'string' },
        versions: { type: 'array', items: { type: 'integer' }, description: 'Those that are kept.' },
        descriptor: {
          type: 'string',
          description: 'With `protobuf`: a `FileDescriptorSet`, compressed with gzip, in base64.',
        },
        schema: { type: 'object', description: 'With `json`.' },
      },
      required: [
        'schema_id',
        'kind',
        'version',
        'digest',
        'compatibility',
        'shared',
        'created_at',
        'created_by',
        'versions',
      ],
    },
  },
  'op.schema.list': {
    name: 'op.schema.list',
    summary: 'Lists schemas that the tenant may use, and with the first page all bindings.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: { cursor: cursorSchema as typeof cursorSchema, limit: limitSchema as typeof limitSchema },
    },
    result: {
      type: 'object',
      properties: {
        items: { type: 'array', items: itemSchema as typeof itemSchema },
        bindings: { type: 'array', items: bindingSchema as typeof bindingSchema },
        cursor: { type: 'string' },
      },
      required: ['items', 'bindings'],
    },
  },
  'op.schema.bind': {
    name: 'op.schema.bind',
    summary: 'Holds what is published to channels to a schema, at every Shield within a second.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'NOT_FOUND', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        schema_id: schemaIdSchema as typeof schemaIdSchema,
        pattern: patternSchema as typeof patternSchema,
        mode: modeSchema as typeof modeSchema,
      },
      required: ['schema_id', 'pattern', 'mode'],
    },
    result: bindingSchema as typeof bindingSchema,
  },
  'op.schema.unbind': {
    name: 'op.schema.unbind',
    summary: 'Takes a binding away.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT'],
    args: {
      type: 'object',
      properties: { pattern: patternSchema as typeof patternSchema },
      required: ['pattern'],
    },
    result: {
      type: 'object',
      properties: { unbound: { type: 'boolean', description: 'Whether there was one.' } },
      required: ['unbound'],
    },
  },
  'op.schema.delete': {
    name: 'op.schema.delete',
    summary: 'Deletes a schema that nothing is bound to, with all its versions.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT'],
    args: {
      type: 'object',
      properties: { schema_id: schemaIdSchema as typeof schemaIdSchema },
      required: ['schema_id'],
    },
    result: {
      type: 'object',
      properties: { deleted: { type: 'boolean', description: 'Whether there was one.' } },
      required: ['deleted'],
    },
  },
  'op.schema.check': {
    name: 'op.schema.check',
    summary: 'Tells what registering a version would come to, and what is wrong with a payload; changes nothing.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: {
        schema_id: schemaIdSchema as typeof schemaIdSchema,
        kind: kindSchema as typeof kindSchema,
        descriptor: descriptorSchema as typeof descriptorSchema,
        schema: textSchema as typeof textSchema,
        message: messageSchema as typeof messageSchema,
        compatibility: compatibilitySchema as typeof compatibilitySchema,
        payload: { description: 'Any JSON value, or base64 where `content_type` is of Protobuf.' },
        content_type: { type: 'string', maxLength: 128 },
      },
      required: ['schema_id'],
    },
    result: {
      type: 'object',
      properties: {
        breaks: breaksSchema as typeof breaksSchema,
        violations: violationsSchema as typeof violationsSchema,
      },
      required: ['breaks', 'violations'],
    },
  },
} as const;
