import { cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';
import { capabilitySchema, groupSchema } from './operator-commands.ts';

const taskIdSchema = { type: 'string', pattern: '^t_[A-Za-z0-9]{1,62}$', description: 'The task.' } as const;

const stateSchema = {
  type: 'string',
  enum: ['queued', 'assigned', 'done', 'failed', 'expired', 'cancelled'],
} as const;

const payloadSchema = { description: 'Any JSON value.' } as const;

const attemptSchema = {
  type: 'integer',
  minimum: 1,
  maximum: 4_294_967_295,
  description:
    'As the frame named it: a result of an attempt that is over is refused. Default: the newest of this operator.',
} as const;

const statusSchema = {
  type: 'object',
  properties: { task_id: taskIdSchema as typeof taskIdSchema, state: stateSchema as typeof stateSchema },
  required: ['task_id', 'state'],
} as const;

/** A task with what is known of it. */
const detailsSchema = {
  type: 'object',
  properties: {
    task_id: taskIdSchema as typeof taskIdSchema,
    state: stateSchema as typeof stateSchema,
    group: { type: 'string' },
    capability: { type: 'string' },
    strategy: { type: 'string' },
    priority: { type: 'integer' },
    submitted_by: { type: 'string' },
    created_at: timeSchema as typeof timeSchema,
    expires_at: timeSchema as typeof timeSchema,
    ended_at: timeSchema as typeof timeSchema,
    attempts: { type: 'integer', description: 'How often it was given to an operator.' },
    failures: { type: 'integer', description: 'How often that came to nothing.' },
    max_attempts: { type: 'integer' },
    operators: { type: 'array', items: { type: 'string' }, description: 'Who works on it.' },
    operator_id: { type: 'string', description: 'Whose result counts.' },
    score: { type: 'number' },
    payload: { description: 'The result.' },
    results: {
      type: 'array',
      items: { type: 'object' },
      description: 'Of a broadcast: the result of each operator, `operator_id`, `attempt` and `payload`.',
    },
    missing: { type: 'array', items: { type: 'string' }, description: 'Of a broadcast: who gave none.' },
    reason: { description: 'Why it failed, in the words of the last operator.' },
  },
  required: ['task_id', 'state', 'strategy', 'priority', 'submitted_by', 'created_at', 'attempts', 'failures'],
} as const;

const listArgs = {
  type: 'object',
  properties: {
    group: groupSchema as typeof groupSchema,
    cursor: cursorSchema as typeof cursorSchema,
    limit: limitSchema as typeof limitSchema,
  },
} as const;

const listResult = {
  type: 'object',
  properties: {
    items: { type: 'array', items: detailsSchema as typeof detailsSchema },
    cursor: { type: 'string' },
  },
  required: ['items'],
} as const;

const REPORT_ERRORS = ['AUTHORIZATION_ERROR', 'CONFLICT', 'NOT_FOUND'] as const;

/** Commands about tasks: of those who give them, of those who do them, and of administrators (OPR-2, OPR-3). */
export const taskCommands = {
  'task.submit': {
    name: 'task.submit',
    summary:
      'Gives a task to a work group, or to whoever has a capability; what becomes of it comes as frames of type `task`.',
    right: 'publish',
    errors: ['AUTHORIZATION_ERROR', 'QUOTA_EXCEEDED', 'SCHEMA_VIOLATION'],
    args: {
      type: 'object',
      properties: {
        group: groupSchema as typeof groupSchema,
        capability: capabilitySchema as typeof capabilitySchema,
        payload: payloadSchema as typeof payloadSchema,
        strategy: {
          type: 'string',
          enum: ['round_robin', 'competing', 'broadcast'],
          description: 'To one after the other (the default), to several that race, or to all that are there.',
        },
        timeout_ms: {
          type: 'integer',
          minimum: 1,
          maximum: 86_400_000,
          description: 'After so long nobody waits for it any more; default 5 minutes.',
        },
        idempotency_key: {
          type: 'string',
          minLength: 1,
          maxLength: 128,
          description: 'The same key of the same user again is the same task.',
        },
        priority: { type: 'integer', minimum: 0, maximum: 9, description: 'The most urgent are 9; default 0.' },
        max_attempts: { type: 'integer', minimum: 1, maximum: 20, description: 'Default 3.' },
        best_of: {
          type: 'integer',
          minimum: 1,
          maximum: 16,
          description: 'With `competing`: of so many results the one with the best score counts; default 1, the first.',
        },
        window_ms: {
          type: 'integer',
          minimum: 1,
          maximum: 600_000,
          description: 'With `best_of`: how long the others are waited for after the first result; default 1 s.',
        },
      },
      required: ['payload'],
    },
    result: statusSchema as typeof statusSchema,
  },
  'task.ack': {
    name: 'task.ack',
    summary: 'An operator says that it still works on a task.',
    right: 'operate',
    needsConnection: true,
    errors: REPORT_ERRORS as typeof REPORT_ERRORS,
    args: {
      type: 'object',
      properties: { task_id: taskIdSchema as typeof taskIdSchema, attempt: attemptSchema as typeof attemptSchema },
      required: ['task_id'],
    },
    result: statusSchema as typeof statusSchema,
  },
  'task.progress': {
    name: 'task.progress',
    summary: 'An operator tells how far it has come, or gives a part of the result; it counts as a sign of life.',
    right: 'operate',
    needsConnection: true,
    errors: REPORT_ERRORS as typeof REPORT_ERRORS,
    args: {
      type: 'object',
      properties: {
        task_id: taskIdSchema as typeof taskIdSchema,
        attempt: attemptSchema as typeof attemptSchema,
        payload: payloadSchema as typeof payloadSchema,
      },
      required: ['task_id'],
    },
    result: statusSchema as typeof statusSchema,
  },
  'task.result': {
    name: 'task.result',
    summary: 'An operator hands its result in.',
    right: 'operate',
    needsConnection: true,
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'SCHEMA_VIOLATION'],
    args: {
      type: 'object',
      properties: {
        task_id: taskIdSchema as typeof taskIdSchema,
        attempt: attemptSchema as typeof attemptSchema,
        payload: payloadSchema as typeof payloadSchema,
        score: { type: 'number', description: 'How good it is, where the best of several counts; default 0.' },
      },
      required: ['task_id'],
    },
    result: statusSchema as typeof statusSchema,
  },
  'task.fail': {
    name: 'task.fail',
    summary: 'An operator gives a task up; another one gets it, unless all attempts are used up.',
    right: 'operate',
    needsConnection: true,
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'NOT_FOUND', 'PAYLOAD_TOO_LARGE'],
    args: {
      type: 'object',
      properties: {
        task_id: taskIdSchema as typeof taskIdSchema,
        attempt: attemptSchema as typeof attemptSchema,
        payload: { description: 'Why, up to 1 KiB.' },
        final: { type: 'boolean', description: 'Nobody else need try.' },
      },
      required: ['task_id'],
    },
    result: statusSchema as typeof statusSchema,
  },
  'task.cancel': {
    name: 'task.cancel',
    summary: 'Takes a task back, of one’s own or, for administrators, any; who works on it is told.',
    right: 'any',
    errors: ['CONFLICT', 'NOT_FOUND'],
    args: {
      type: 'object',
      properties: { task_id: taskIdSchema as typeof taskIdSchema },
      required: ['task_id'],
    },
    result: statusSchema as typeof statusSchema,
  },
  'task.get': {
    name: 'task.get',
    summary: 'Tells where a task stands, of one’s own or, for administrators, any, with its result where there is one.',
    right: 'any',
    errors: ['NOT_FOUND'],
    args: {
      type: 'object',
      properties: { task_id: taskIdSchema as typeof taskIdSchema },
      required: ['task_id'],
    },
    result: detailsSchema as typeof detailsSchema,
  },
  'op.task.list': {
    name: 'op.task.list',
    summary: 'Lists the tasks that somebody may still work on, the oldest first.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: listArgs as typeof listArgs,
    result: listResult as typeof listResult,
  },
  'op.task.dlq.list': {
    name: 'op.task.dlq.list',
    summary: 'Lists the tasks that failed or expired, the oldest first.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR'],
    args: listArgs as typeof listArgs,
    result: listResult as typeof listResult,
  },
  'op.task.dlq.replay': {
    name: 'op.task.dlq.replay',
    summary: 'Has a task that failed or expired tried again, with all its attempts and all its time.',
    right: 'admin',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'NOT_FOUND'],
    args: {
      type: 'object',
      properties: { task_id: taskIdSchema as typeof taskIdSchema },
      required: ['task_id'],
    },
    result: statusSchema as typeof statusSchema,
  },
} as const;
