import { cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const agentSchema = { type: 'string', minLength: 1, maxLength: 128, description: 'The agent.' } as const;

const countSchema = { type: 'integer', minimum: 0 } as const;

const letterIdSchema = { type: 'string', pattern: '^d_[a-z0-9_]{1,62}$', description: 'The dead letter.' } as const;

const reasonSchema = {
  type: 'string',
  enum: ['malformed', 'too_large', 'unsupported_version', 'foreign_tenant', 'forbidden_key', 'quota'],
  description: 'Why it could not be projected.',
} as const;

/** An episode as its latest event tells it. */
const projectionSchema = {
  type: 'object',
  properties: {
    agent_id: { type: 'string' },
    episode_id: { type: 'string' },
    event_id: { type: 'string', description: 'Of its latest event, and so are the next two.' },
    event_type: {
      type: 'string',
      enum: ['episode.created', 'episode.updated', 'episode.deleted', 'episode.summarized'],
    },
    source_ts: timeSchema as typeof timeSchema,
    deleted: { type: 'boolean' },
    payload: {
      type: 'object',
      description: '`content_ref`, `tags`, `metadata`, `summary` and `embedding_ref`; none where it was deleted.',
    },
  },
  required: ['agent_id', 'episode_id', 'event_id', 'event_type', 'source_ts', 'deleted'],
} as const;

const countsProperties = {
  selected_count: countSchema as typeof countSchema,
  projected: countSchema as typeof countSchema,
  duplicates: countSchema as typeof countSchema,
  stale_rejected: countSchema as typeof countSchema,
  dlq_queued: countSchema as typeof countSchema,
  cursor: { type: 'string', description: 'There is more: the same again with this.' },
} as const;

/** The projector of episodes (CTM-3). */
export const continuumCommands = {
  'op.continuum.projector.status': {
    name: 'op.continuum.projector.status',
    summary: 'Tells how many episodes the tenant has in the projection, and how far it is behind.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: { type: 'object', properties: {} },
    result: {
      type: 'object',
      properties: {
        projection_count: { type: 'integer', description: 'Episodes, deleted ones included.' },
        seen_event_count: { type: 'integer', description: 'Events that are known to have been seen.' },
        dlq_count: { type: 'integer', description: 'Dead letters.' },
        lag_ms: { type: 'integer', description: 'For how long the oldest event waits that is not projected yet.' },
      },
      required: ['projection_count', 'seen_event_count', 'dlq_count', 'lag_ms'],
    },
  },
  'op.continuum.projector.get': {
    name: 'op.continuum.projector.get',
    summary: 'Gives an episode as its latest event tells it.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        agent_id: agentSchema as typeof agentSchema,
        episode_id: { type: 'string', minLength: 1, maxLength: 128, description: 'The episode of the agent.' },
      },
      required: ['agent_id', 'episode_id'],
    },
    result: {
      type: 'object',
      properties: {
        found: {
          type: 'boolean',
          description: 'False too where it was deleted; then there is a projection that says so.',
        },
        projection: projectionSchema as typeof projectionSchema,
      },
      required: ['found'],
    },
  },
  'op.continuum.projector.list': {
    name: 'op.continuum.projector.list',
    summary: 'Lists episodes in the order of agents and their episodes, page by page.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        agent_id: agentSchema as typeof agentSchema,
        deleted: { type: 'boolean', description: 'Deleted ones too.' },
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
    },
    result: {
      type: 'object',
      properties: {
        items: { type: 'array', items: projectionSchema as typeof projectionSchema },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.continuum.projector.project_event': {
    name: 'op.continuum.projector.project_event',
    summary: 'Projects one event at once, as if it had been published in the channel of episodes.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: { event: { type: 'object', description: 'The event, as agents publish it.' } },
      required: ['event'],
    },
    result: {
      type: 'object',
      properties: {
        status: { type: 'string', enum: ['projected', 'duplicate', 'stale_rejected', 'dlq_queued'] },
        reason: reasonSchema as typeof reasonSchema,
        field: { type: 'string', description: 'What of the event is wrong.' },
        dead_letter_id: letterIdSchema as typeof letterIdSchema,
      },
      required: ['status'],
    },
  },
  'op.continuum.projector.dlq.list': {
    name: 'op.continuum.projector.dlq.list',
    summary: 'Lists events that could not be projected, the oldest first.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
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
            properties: {
              dead_letter_id: letterIdSchema as typeof letterIdSchema,
              event_id: { type: 'string' },
              reason: reasonSchema as typeof reasonSchema,
              field: { type: 'string', description: 'What of it is wrong.' },
              at: timeSchema as typeof timeSchema,
              event: {
                description: 'As it came, without what forbidden keys held; absent where it could not be read.',
              },
            },
            required: ['dead_letter_id', 'reason', 'at'],
          },
        },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.continuum.projector.dlq.replay': {
    name: 'op.continuum.projector.dlq.replay',
    summary: 'Tries a dead letter again, or all of them, the oldest first; those that are projected now are gone.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'NOT_FOUND'],
    args: {
      type: 'object',
      properties: {
        dead_letter_id: letterIdSchema as typeof letterIdSchema,
        cursor: cursorSchema as typeof cursorSchema,
      },
    },
    result: {
      type: 'object',
      properties: countsProperties as typeof countsProperties,
      required: ['selected_count', 'projected', 'duplicates', 'stale_rejected', 'dlq_queued'],
    },
  },
  'op.continuum.projector.backfill': {
    name: 'op.continuum.projector.backfill',
    summary: 'Projects again what the stream of events holds, so that a projection that was lost is made anew.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        from_ts: { type: 'string', maxLength: 40, description: 'Events of this time and later, by their `source_ts`.' },
        to_ts: { type: 'string', maxLength: 40, description: 'Events before this time.' },
        tenant_id: { type: 'string', maxLength: 64, description: 'The own tenant, for there is no other.' },
        agent_id: agentSchema as typeof agentSchema,
        dry_run: { type: 'boolean', description: 'Only counts what would become of them.' },
        cursor: cursorSchema as typeof cursorSchema,
      },
    },
    result: {
      type: 'object',
      properties: { ...countsProperties, dry_run: { type: 'boolean' } } as typeof countsProperties & {
        readonly dry_run: { readonly type: 'boolean' };
      },
      required: ['selected_count', 'projected', 'duplicates', 'stale_rejected', 'dlq_queued', 'dry_run'],
    },
  },
} as const;
