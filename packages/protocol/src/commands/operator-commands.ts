import { NAME_PATTERN, cursorSchema, limitSchema, nothingSchema, timeSchema } from './argument-schemas.ts';

/** The name of a work group; in grants and permissions it stands where a room does. */
export const groupSchema = {
  type: 'string',
  pattern: NAME_PATTERN as typeof NAME_PATTERN,
  description: 'Work group.',
} as const;

/** Something that an operator can do, as tokens name it. */
export const capabilitySchema = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: '^[\\x20-\\x7e]+$',
  description: 'Capability, as tokens name it.',
} as const;

const capabilitiesSchema = {
  type: 'array',
  items: capabilitySchema as typeof capabilitySchema,
  maxItems: 32,
  description: 'What it can do beyond its group; its token must list all of them.',
} as const;

const schemaIdSchema = {
  type: 'string',
  pattern: NAME_PATTERN as typeof NAME_PATTERN,
  description: 'Id of a registered schema.',
} as const;

const maxInFlightSchema = {
  type: 'integer',
  minimum: 1,
  maximum: 1_000,
  description: 'Tasks that it works on at one time; default 1.',
} as const;

const operatorSchema = {
  type: 'object',
  properties: {
    operator_id: { type: 'string', description: 'The id of the client.' },
    user: { type: 'string' },
    group: groupSchema as typeof groupSchema,
    capabilities: { type: 'array', items: { type: 'string' } },
    input_schema: { type: 'string' },
    output_schema: { type: 'string' },
    max_in_flight: { type: 'integer' },
    in_flight: { type: 'integer', description: 'Tasks that it works on now.' },
    metadata: { type: 'object' },
    joined_at: timeSchema as typeof timeSchema,
  },
  required: ['operator_id', 'user', 'group', 'capabilities', 'max_in_flight', 'in_flight', 'joined_at'],
} as const;

const operatorsSchema = {
  type: 'object',
  properties: {
    items: { type: 'array', items: operatorSchema as typeof operatorSchema },
    cursor: { type: 'string' },
  },
  required: ['items'],
} as const;

/** Commands of sessions that take tasks (OPR-1). */
export const operatorCommands = {
  'operator.join': {
    name: 'operator.join',
    summary: 'Makes this session an operator: tasks for its group and its capabilities come as frames of type `task`.',
    right: 'operate',
    needsConnection: true,
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'NOT_FOUND', 'QUOTA_EXCEEDED', 'SCHEMA_VIOLATION'],
    args: {
      type: 'object',
      properties: {
        group: groupSchema as typeof groupSchema,
        capabilities: capabilitiesSchema as typeof capabilitiesSchema,
        input_schema: schemaIdSchema as typeof schemaIdSchema,
        output_schema: schemaIdSchema as typeof schemaIdSchema,
        max_in_flight: maxInFlightSchema as typeof maxInFlightSchema,
        metadata: { type: 'object', description: 'What else others may know of it, up to 2 KiB.' },
      },
      required: ['group'],
    },
    result: {
      type: 'object',
      properties: {
        operator_id: { type: 'string' },
        group: groupSchema as typeof groupSchema,
        lease_ms: { type: 'integer', description: 'How long a task may go without `task.ack` or `task.progress`.' },
      },
      required: ['operator_id', 'group', 'lease_ms'],
    },
  },
  'operator.leave': {
    name: 'operator.leave',
    summary: 'Ends being an operator; what it works on goes to others at once.',
    right: 'operate',
    needsConnection: true,
    errors: ['AUTHORIZATION_ERROR'],
    args: nothingSchema as typeof nothingSchema,
    result: {
      type: 'object',
      properties: { left: { type: 'boolean', description: 'Whether it was one.' } },
      required: ['left'],
    },
  },
  'operator.list': {
    name: 'operator.list',
    summary: 'Lists the operators of a group, or those of all groups that the caller may give tasks to.',
    right: 'any',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        group: groupSchema as typeof groupSchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
    },
    result: operatorsSchema as typeof operatorsSchema,
  },
  'operator.find': {
    name: 'operator.find',
    summary: 'Lists the operators that have a capability, in all groups that the caller may give tasks to.',
    right: 'any',
    errors: [],
    args: {
      type: 'object',
      properties: {
        capability: capabilitySchema as typeof capabilitySchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
      required: ['capability'],
    },
    result: operatorsSchema as typeof operatorsSchema,
  },
} as const;
