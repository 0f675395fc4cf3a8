import { NAME_PATTERN, cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const jobIdSchema = { type: 'string', pattern: '^c_[A-Za-z0-9_-]{1,62}$' } as const;

const nameSchema = { type: 'string', maxLength: 128, description: 'For people.' } as const;
const roomSchema = { type: 'string', pattern: NAME_PATTERN as typeof NAME_PATTERN } as const;

const expressionSchema = {
  type: 'string',
  minLength: 9,
  maxLength: 128,
  description: 'Five fields, or six with seconds first.',
} as const;

const timezoneSchema = {
  type: 'string',
  maxLength: 64,
  description: 'IANA time zone in which `cron` is read; `UTC` where none is named.',
} as const;

const spanSchema = { type: 'integer', minimum: 1, maximum: 31_622_400 } as const;
const repeatSchema = {
  type: 'integer',
  minimum: 1,
  maximum: 1_000_000_000,
  description: 'How many times it fires in all; without an end where it is not given.',
} as const;

const misfireSchema = {
  type: 'string',
  enum: ['skip', 'once', 'all'],
  description: 'What becomes of what was missed by more than a minute: nothing, once for all, or each up to 100.',
} as const;

/** A job; in lists without its payload. */
const jobSchema = {
  type: 'object',
  properties: {
    job_id: jobIdSchema as typeof jobIdSchema,
    owner: { type: 'string', description: 'The user who made it.' },
    name: nameSchema as typeof nameSchema,
    room: roomSchema as typeof roomSchema,
    channel: roomSchema as typeof roomSchema,
    payload: { description: 'What is published; not in lists.' },
    cron: expressionSchema as typeof expressionSchema,
    timezone: timezoneSchema as typeof timezoneSchema,
    delay_seconds: spanSchema as typeof spanSchema,
    interval_seconds: spanSchema as typeof spanSchema,
    repeat_count: repeatSchema as typeof repeatSchema,
    misfire: misfireSchema as typeof misfireSchema,
    status: { type: 'string', enum: ['active', 'paused', 'done', 'cancelled'] },
    iteration: { type: 'integer', description: 'How many times it has been due and was not missed.' },
    next_at: timeSchema as typeof timeSchema,
    created_at: timeSchema as typeof timeSchema,
  },
  required: ['job_id', 'owner', 'room', 'channel', 'misfire', 'status', 'iteration', 'created_at'],
} as const;

const oneJob = {
  type: 'object',
  properties: { job_id: jobIdSchema as typeof jobIdSchema },
  required: ['job_id'],
} as const;

const runSchema = {
  type: 'object',
  properties: {
    scheduled_at: timeSchema as typeof timeSchema,
    iteration: { type: 'integer' },
    state: {
      type: 'string',
      enum: ['claimed', 'fired', 'refused', 'failed', 'missed'],
      description: '`missed` stands for all up to the next one that is listed.',
    },
    code: { type: 'string', description: 'Why it was refused or failed.' },
    attempts: { type: 'integer' },
    ended_at: timeSchema as typeof timeSchema,
  },
  required: ['scheduled_at', 'iteration', 'state', 'attempts'],
} as const;

/** Commands about schedules (CRN-1): of one's own, and, for administrators, of the tenant. */
export const cronCommands = {
  'op.cron.schedule': {
    name: 'op.cron.schedule',
    summary: 'Publishes a payload later, or again and again: with `cron`, `delay_seconds` or `interval_seconds`.',
    right: 'operate',
    errors: ['AUTHORIZATION_ERROR', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        room: roomSchema as typeof roomSchema,
        channel: roomSchema as typeof roomSchema,
        payload: { description: 'Any JSON value.' },
        cron: expressionSchema as typeof expressionSchema,
        timezone: timezoneSchema as typeof timezoneSchema,
        delay_seconds: spanSchema as typeof spanSchema,
        interval_seconds: spanSchema as typeof spanSchema,
        repeat_count: repeatSchema as typeof repeatSchema,
        name: nameSchema as typeof nameSchema,
        misfire: misfireSchema as typeof misfireSchema,
      },
      required: ['room', 'channel', 'payload'],
    },
    result: jobSchema as typeof jobSchema,
  },
  'op.cron.list': {
    name: 'op.cron.list',
    summary: 'Lists the caller’s schedules; for administrators, all of the tenant. Payloads are left out.',
    right: 'any',
    errors: [],
    args: {
      type: 'object',
      properties: { cursor: cursorSchema as typeof cursorSchema, limit: limitSchema as typeof limitSchema },
    },
    result: {
      type: 'object',
      properties: { items: { type: 'array', items: jobSchema as typeof jobSchema }, cursor: { type: 'string' } },
      required: ['items'],
    },
  },
  'op.cron.get': {
    name: 'op.cron.get',
    summary: 'Shows a schedule.',
    right: 'any',
    errors: ['NOT_FOUND'],
    args: oneJob as typeof oneJob,
    result: jobSchema as typeof jobSchema,
  },
  'op.cron.cancel': {
    name: 'op.cron.cancel',
    summary: 'Ends a schedule for good.',
    right: 'any',
    errors: ['CONFLICT', 'NOT_FOUND'],
    args: oneJob as typeof oneJob,
    result: jobSchema as typeof jobSchema,
  },
  'op.cron.pause': {
    name: 'op.cron.pause',
    summary: 'Lets a schedule rest until it is resumed.',
    right: 'any',
    errors: ['CONFLICT', 'NOT_FOUND'],
    args: oneJob as typeof oneJob,
    result: jobSchema as typeof jobSchema,
  },
  'op.cron.resume': {
    name: 'op.cron.resume',
    summary: 'Lets a paused schedule go on with the next moment that comes.',
    right: 'any',
    errors: ['CONFLICT', 'NOT_FOUND'],
    args: oneJob as typeof oneJob,
    result: jobSchema as typeof jobSchema,
  },
  'op.cron.runs': {
    name: 'op.cron.runs',
    summary: 'Lists what became of a schedule’s occurrences, the newest first; about the last 100 are kept.',
    right: 'any',
    errors: ['NOT_FOUND'],
    args: {
      type: 'object',
      properties: {
        job_id: jobIdSchema as typeof jobIdSchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
      required: ['job_id'],
    },
    result: {
      type: 'object',
      properties: { items: { type: 'array', items: runSchema as typeof runSchema }, cursor: { type: 'string' } },
      required: ['items'],
    },
  },
} as const;
