import { NAME_PATTERN, cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const substrateIdSchema = {
  type: 'string',
  pattern: '^s_[A-Za-z0-9_-]{1,62}$',
  description: 'Id of a substrate.',
} as const;

const nameSchema = {
  type: 'string',
  pattern: NAME_PATTERN as typeof NAME_PATTERN,
  description: 'What people call it; the same name again is the same substrate.',
} as const;

const kindSchema = {
  type: 'string',
  pattern: NAME_PATTERN as typeof NAME_PATTERN,
  description: 'What it is.',
} as const;

const signalSchema = {
  type: 'string',
  pattern: NAME_PATTERN as typeof NAME_PATTERN,
  description: 'Name of what is signalled.',
} as const;

const labSchema = { type: 'string', description: 'Where events go.' } as const;
const countSchema = { type: 'integer', minimum: 0 } as const;
const metadataSchema = { type: 'object', description: 'Anything more, up to 4,096 bytes.' } as const;

const substrateProperties = {
  substrate_id: substrateIdSchema as typeof substrateIdSchema,
  name: { type: 'string' },
  kind: { type: 'string' },
  metadata: metadataSchema as typeof metadataSchema,
  registered_by: { type: 'string' },
  registered_at: timeSchema as typeof timeSchema,
} as const;

/** The Omega lane, an experiment of administrators that is walled in (OMG-1). While it is off all but its status is `FEATURE_DISABLED`. */
export const omegaCommands = {
  'op.omega.status': {
    name: 'op.omega.status',
    summary: 'Tells whether the Omega lane is on, where its events go, its bounds and what there is.',
    right: 'any',
    errors: [],
    args: { type: 'object', properties: {} },
    result: {
      type: 'object',
      properties: {
        enabled: { type: 'boolean' },
        lab_room: labSchema as typeof labSchema,
        lab_channel: labSchema as typeof labSchema,
        max_events: countSchema as typeof countSchema,
        max_substrates: countSchema as typeof countSchema,
        substrate_count: countSchema as typeof countSchema,
        event_count: countSchema as typeof countSchema,
      },
      required: [
        'enabled',
        'lab_room',
        'lab_channel',
        'max_events',
        'max_substrates',
        'substrate_count',
        'event_count',
      ],
    },
  },
  'op.omega.register_substrate': {
    name: 'op.omega.register_substrate',
    summary: 'Registers a substrate, which may emit events from then on; the same name again is changed.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED', 'PAYLOAD_TOO_LARGE', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        name: nameSchema as typeof nameSchema,
        kind: kindSchema as typeof kindSchema,
        metadata: metadataSchema as typeof metadataSchema,
      },
      required: ['name', 'kind'],
    },
    result: {
      type: 'object',
      properties: substrateProperties as typeof substrateProperties,
      required: ['substrate_id', 'name', 'kind', 'metadata', 'registered_by', 'registered_at'],
    },
  },
  'op.omega.list_substrates': {
    name: 'op.omega.list_substrates',
    summary: 'Lists substrates, page by page, for who may join the lab.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED'],
    args: {
      type: 'object',
      properties: { cursor: cursorSchema as typeof cursorSchema, limit: limitSchema as typeof limitSchema },
    },
    result: {
      type: 'object',
      properties: {
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: substrateProperties as typeof substrateProperties,
            required: ['substrate_id', 'name', 'kind', 'metadata', 'registered_by', 'registered_at'],
          },
        },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.omega.unregister_substrate': {
    name: 'op.omega.unregister_substrate',
    summary: 'Takes a substrate away; its events stay until they are cleared or pushed out.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED'],
    args: {
      type: 'object',
      properties: { substrate_id: substrateIdSchema as typeof substrateIdSchema },
      required: ['substrate_id'],
    },
    result: {
      type: 'object',
      properties: {
        substrate_id: substrateIdSchema as typeof substrateIdSchema,
        removed: { type: 'boolean', description: 'Whether there was one.' },
      },
      required: ['substrate_id', 'removed'],
    },
  },
  'op.omega.emit_event': {
    name: 'op.omega.emit_event',
    summary: 'Keeps an event of a substrate and publishes it in the lab, through the pipeline and nowhere else.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED', 'NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'RATE_LIMITED'],
    args: {
      type: 'object',
      properties: {
        substrate_id: substrateIdSchema as typeof substrateIdSchema,
        signal: signalSchema as typeof signalSchema,
        payload: { description: 'Any JSON value, up to 8,192 bytes.' },
      },
      required: ['substrate_id', 'signal'],
    },
    result: {
      type: 'object',
      properties: {
        event_id: { type: 'string' },
        substrate_id: substrateIdSchema as typeof substrateIdSchema,
        signal: { type: 'string' },
        emitted_by: { type: 'string' },
        emitted_at: timeSchema as typeof timeSchema,
        lab_room: labSchema as typeof labSchema,
        lab_channel: labSchema as typeof labSchema,
      },
      required: ['event_id', 'substrate_id', 'signal', 'emitted_by', 'emitted_at', 'lab_room', 'lab_channel'],
    },
  },
  'op.omega.list_events': {
    name: 'op.omega.list_events',
    summary: 'Lists events, newest first, page by page, for who may join the lab.',
    right: 'join',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED'],
    args: {
      type: 'object',
      properties: {
        substrate_id: substrateIdSchema as typeof substrateIdSchema,
        signal: signalSchema as typeof signalSchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
    },
    result: {
      type: 'object',
      properties: {
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              event_id: { type: 'string' },
              substrate_id: substrateIdSchema as typeof substrateIdSchema,
              signal: { type: 'string' },
              emitted_by: { type: 'string' },
              emitted_at: timeSchema as typeof timeSchema,
              payload: { description: 'As readers of the lab are shown it; absent where they are not.' },
            },
            required: ['event_id', 'substrate_id', 'signal', 'emitted_by', 'emitted_at'],
          },
        },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.omega.clear_events': {
    name: 'op.omega.clear_events',
    summary: 'Removes events: all of them, or those of a substrate or a signal.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'FEATURE_DISABLED'],
    args: {
      type: 'object',
      properties: {
        substrate_id: substrateIdSchema as typeof substrateIdSchema,
        signal: signalSchema as typeof signalSchema,
      },
    },
    result: {
      type: 'object',
      properties: {
        removed_count: countSchema as typeof countSchema,
        remaining_count: countSchema as typeof countSchema,
      },
      required: ['removed_count', 'remaining_count'],
    },
  },
} as const;
