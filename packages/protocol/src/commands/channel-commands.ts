import type { CommandDefinition } from './command-definition.ts';
import {
  channelSchema,
  cursorSchema,
  limitSchema,
  memberSchema,
  positionSchema,
  roomSchema,
  timeSchema,
} from './argument-schemas.ts';

const target = { room: roomSchema, channel: channelSchema } as const;
const targetResult = { room: { type: 'string' }, channel: { type: 'string' } } as const;

const channelEntry = {
  channel: { type: 'string' },
  members: { type: 'integer' },
  created_at: timeSchema,
  created_by: { type: 'string' },
  description: { type: 'string' },
  type: { type: 'string', enum: ['bootstrap', 'created', 'auto'] },
  hardcoded: { type: 'boolean' },
} as const;

const channelEntryRequired = [
  'channel',
  'members',
  'created_at',
  'created_by',
  'description',
  'type',
  'hardcoded',
] as const;

const logPosition = {
  type: 'object',
  properties: { epoch: { type: 'string' }, first_seq: { type: 'integer' }, last_seq: { type: 'integer' } },
  required: ['epoch', 'first_seq', 'last_seq'],
} as const;

/** Commands about rooms and channels. `room` may be left out: the client's default target is meant then. */
export const channelCommands = {
  join_channel: {
    name: 'join_channel',
    summary: 'Subscribes to a channel; creates it when it does not exist and the caller may.',
    right: 'join',
    args: {
      type: 'object',
      properties: {
        ...target,
        echo: { type: 'boolean', description: 'Receive own events too (PRT-15).' },
        presence: { type: 'boolean', description: 'Answer with the members of the channel.' },
        history: { type: 'integer', minimum: 0, maximum: 1000, description: 'Answer with the last n publications.' },
        from: positionSchema,
        meta: { type: 'object' },
      },
    },
    result: {
      type: 'object',
      properties: {
        ...targetResult,
        epoch: { type: 'string' },
        seq: { type: 'integer' },
        members: { type: 'array', items: memberSchema },
        publications: { type: 'array', items: { type: 'object' } },
        recovered: { type: 'boolean' },
        reason: { type: 'string' },
      },
      required: ['room', 'channel'],
    },
  },
  leave_channel: {
    name: 'leave_channel',
    summary: 'Ends the subscription to a channel.',
    right: 'join',
    args: { type: 'object', properties: target },
    result: { type: 'object', properties: targetResult, required: ['room', 'channel'] },
  },
  create_channel: {
    name: 'create_channel',
    summary: 'Creates a channel that stays until it is deleted.',
    right: 'manage',
    args: {
      type: 'object',
      properties: {
        ...target,
        description: { type: 'string', maxLength: 1024 },
        settings: { type: 'object' },
      },
    },
    result: {
      type: 'object',
      properties: { ...targetResult, created_at: timeSchema, created_by: { type: 'string' } },
      required: ['room', 'channel', 'created_at', 'created_by'],
    },
  },
  delete_channel: {
    name: 'delete_channel',
    summary: 'Deletes a channel that has no members.',
    right: 'manage',
    args: { type: 'object', properties: target },
    result: { type: 'object', properties: targetResult, required: ['room', 'channel'] },
  },
  list_channels: {
    name: 'list_channels',
    summary: 'Lists the channels of a room that the caller may join.',
    right: 'any',
    args: { type: 'object', properties: { room: roomSchema, cursor: cursorSchema, limit: limitSchema } },
    result: {
      type: 'object',
      properties: {
        channels: {
          type: 'array',
          items: { type: 'object', properties: channelEntry, required: channelEntryRequired },
        },
        cursor: { type: 'string' },
      },
      required: ['channels'],
    },
  },
  list_rooms: {
    name: 'list_rooms',
    summary: 'Lists the rooms in which the caller may join a channel.',
    right: 'any',
    args: { type: 'object', properties: { cursor: cursorSchema, limit: limitSchema } },
    result: {
      type: 'object',
      properties: {
        rooms: {
          type: 'array',
          items: {
            type: 'object',
            properties: { room: { type: 'string' }, channels: { type: 'integer' }, members: { type: 'integer' } },
            required: ['room', 'channels', 'members'],
          },
        },
        cursor: { type: 'string' },
      },
      required: ['rooms'],
    },
  },
  channel_info: {
    name: 'channel_info',
    summary: 'Describes one channel: members, settings and log.',
    right: 'join',
    args: { type: 'object', properties: target },
    result: {
      type: 'object',
      properties: {
        room: { type: 'string' },
        ...channelEntry,
        participants: { type: 'array', items: memberSchema },
        settings: { type: 'object' },
        log: logPosition,
      },
      required: ['room', ...channelEntryRequired, 'participants', 'settings'],
    },
  },
} as const satisfies Record<string, CommandDefinition>;
