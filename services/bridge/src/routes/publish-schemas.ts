import type { Schema } from '@arqonbus/protocol';
import { MAX_EDGE_MESSAGES } from '@arqonbus/spine';

const content: Readonly<Record<string, Schema>> = {
  payload: { description: 'Any JSON value; with another content_type, base64.' },
  content_type: { type: 'string', description: 'Default `application/json`.' },
  id: {
    type: 'string',
    description: 'The same id within 120 s is published once.',
    pattern: '^arq_[A-Za-z0-9_-]{6,80}$',
  },
  metadata: { type: 'object' },
  schema: { type: 'string', description: 'Id of the schema of the payload.' },
  traceparent: { type: 'string' },
};

/** An event for a channel. */
export const publicationBody: Schema = {
  type: 'object',
  properties: {
    room: { type: 'string', description: 'A name, or `room:channel`.' },
    channel: { type: 'string' },
    expected_seq: { type: 'integer', description: 'Publish only if the channel’s last publication has this sequence.' },
    ...content,
  },
  required: ['room'],
};

/** A list of events. */
export const batchBody: Schema = { type: 'array', items: publicationBody, maxItems: MAX_EDGE_MESSAGES };

/** A private message. */
export const privateBody: Schema = {
  type: 'object',
  properties: {
    to: { type: 'array', items: { type: 'string' }, description: 'Client ids, or `user:<user>`.' },
    ...content,
  },
  required: ['to'],
};

/** To a room or a tenant. */
export const broadcastBody: Schema = {
  type: 'object',
  properties: { room: { type: 'string', description: 'Absent = the whole tenant.' }, ...content },
};

/** What became of one. */
export const publicationResult: Schema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    seq: { type: 'integer', description: 'Its place in the log of the channel; absent where it keeps none.' },
    epoch: { type: 'string' },
    duplicate: { type: 'boolean', description: 'It had been published before.' },
  },
  required: ['id'],
};

/** What became of each. */
export const batchResult: Schema = {
  type: 'object',
  properties: {
    results: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          ...publicationResult.properties,
          error: { type: 'string' },
          error_code: { type: 'string' },
          details: { type: 'object' },
        },
      },
    },
  },
  required: ['results'],
};
