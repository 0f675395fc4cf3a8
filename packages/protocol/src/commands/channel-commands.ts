import {
  channelSchema,
  cursorSchema,
  limitSchema,
  memberSchema,
  positionSchema,
  roomSchema,
  timeSchema,
} from './argument-schemas.ts';

const nameSchema = { type: 'string' } as const;

const countSchema = { type: 'integer' } as const;
const flagSchema = { type: 'boolean', description: 'Bootstrap: cannot be deleted.' } as const;
const typeSchema = {
  type: 'string',
  enum: ['bootstrap', 'created', 'auto'],
  description: 'How it came to be.',
} as const;

const channelEntry = {
  type: 'object',
  properties: {
    channel: nameSchema as typeof nameSchema,
    members: countSchema as typeof countSchema,
    created_at: timeSchema as typeof timeSchema,
    created_by: nameSchema as typeof nameSchema,
    description: nameSchema as typeof nameSchema,
    type: typeSchema as typeof typeSchema,
    hardcoded: flagSchema as typeof flagSchema,
  },
  required: ['channel', 'members', 'created_at', 'created_by', 'description', 'type', 'hardcoded'],
} as const;

const logPosition = {
  type: 'object',
  properties: { epoch: { type: 'string' }, first_seq: { type: 'integer' }, last_seq: { type: 'integer' } },
  required: ['epoch', 'first_seq', 'last_seq'],
} as const;

const roomLog = {
  type: 'object',
  description:
    'Where messages to the whole room begin; told by the first join of a room, with what became of `room_from`.',
  properties: {
    epoch: { type: 'string' },
    seq: { type: 'integer' },
    recovered: { type: 'boolean' },
    reason: { type: 'string' },
  },
} as const;

/** Where a join has led. */
export const joinResultSchema = {
  type: 'object',
  properties: {
    room: nameSchema as typeof nameSchema,
    channel: nameSchema as typeof nameSchema,
    epoch: { type: 'string', description: 'Which log `seq` counts in; not on `live` channels.' },
    seq: { type: 'integer', description: 'What is received from now on comes after this.' },
    members: { type: 'array', items: memberSchema as typeof memberSchema },
    total: { type: 'integer' },
    counts_only: { type: 'boolean' },
    publications: { type: 'array', items: { type: 'object' } },
    recovered: { type: 'boolean' },
    reason: { type: 'string' },
    room_log: roomLog as typeof roomLog,
  },
  required: ['room', 'channel'],
} as const;

/** Commands about rooms and channels. `room` may be left out: the client's default target is meant then. */
export const channelCommands = {
  join_channel: {
    name: 'join_channel',
    summary: 'Subscribes to a channel; creates it when it does not exist and the caller may.',
    right: 'join',
    needsConnection: true,
    errors: ['AUTHORIZATION_ERROR', 'QUOTA_EXCEEDED', 'PAYLOAD_TOO_LARGE', 'CONFLICT'],
    args: {
      type: 'object',
      properties: {
        room: roomSchema as typeof roomSchema,
        channel: channelSchema as typeof channelSchema,
        echo: { type: 'boolean', description: 'Receive own events too (PRT-15).' },
        presence: {
          type: 'boolean',
          description: 'Answer with the members of the channel, and tell from then on who comes, goes and changes.',
        },
        history: { type: 'integer', minimum: 0, maximum: 1000, description: 'Answer with the last n publications.' },
        from: positionSchema as typeof positionSchema,
        room_from: positionSchema as typeof positionSchema,
        meta: { type: 'object', description: 'What other members see of this client in this channel; at most 1 KiB.' },
      },
    },
    result: joinResultSchema as typeof joinResultSchema,
  },
  leave_channel: {
    name: 'leave_channel',
    summary: 'Ends the subscription to a channel.',
    right: 'any',
    needsConnection: true,
    errors: ['NOT_SUBSCRIBED'],
    args: {
      type: 'object',
      properties: { room: roomSchema as typeof roomSchema, channel: channelSchema as typeof channelSchema },
    },
    result: {
      type: 'object',
      properties: { room: nameSchema as typeof nameSchema, channel: nameSchema as typeof nameSchema },
      required: ['room', 'channel'],
    },
  },
  create_channel: {
    name: 'create_channel',
    summary: 'Creates a channel that stays until it is deleted.',
    right: 'manage',
    errors: ['AUTHORIZATION_ERROR', 'CHANNEL_EXISTS', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        room: roomSchema as typeof roomSchema,
        channel: channelSchema as typeof channelSchema,
        description: { type: 'string', maxLength: 1024, description: 'For people.' },
        settings: { type: 'object', description: 'Kept with the channel, for whoever reads `channel_info`.' },
      },
    },
    result: {
      type: 'object',
      properties: {
        room: nameSchema as typeof nameSchema,
        channel: nameSchema as typeof nameSchema,
        created_at: timeSchema as typeof timeSchema,
        created_by: { type: 'string' },
      },
      required: ['room', 'channel', 'created_at', 'created_by'],
    },
  },
  delete_channel: {
    name: 'delete_channel',
    summary: 'Deletes a channel that has no members.',
    right: 'manage',
    errors: ['AUTHORIZATION_ERROR', 'CHANNEL_NOT_FOUND', 'CHANNEL_NOT_EMPTY'],
    args: {
      type: 'object',
      properties: { room: roomSchema as typeof roomSchema, channel: channelSchema as typeof channelSchema },
    },
    result: {
      type: 'object',
      properties: { room: nameSchema as typeof nameSchema, channel: nameSchema as typeof nameSchema },
      required: ['room', 'channel'],
    },
  },
  list_channels: {
    name: 'list_channels',
    summary: 'Lists the channels of a room that the caller may join.',
    right: 'any',
    errors: ['ROOM_NOT_FOUND'],
    args: {
      type: 'object',
      properties: {
        room: roomSchema as typeof roomSchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
    },
    result: {
      type: 'object',
      properties: {
        channels: {
          type: 'array',
          items: channelEntry as typeof channelEntry,
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
    errors: [],
    args: {
      type: 'object',
      properties: { cursor: cursorSchema as typeof cursorSchema, limit: limitSchema as typeof limitSchema },
    },
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
    errors: ['AUTHORIZATION_ERROR', 'CHANNEL_NOT_FOUND'],
    args: {
      type: 'object',
      properties: { room: roomSchema as typeof roomSchema, channel: channelSchema as typeof channelSchema },
    },
    result: {
      type: 'object',
      properties: {
        room: nameSchema as typeof nameSchema,
        channel: nameSchema as typeof nameSchema,
        members: countSchema as typeof countSchema,
        created_at: timeSchema as typeof timeSchema,
        created_by: nameSchema as typeof nameSchema,
        description: nameSchema as typeof nameSchema,
        type: typeSchema as typeof typeSchema,
        hardcoded: flagSchema as typeof flagSchema,
        participants: { type: 'array', items: memberSchema as typeof memberSchema },
        settings: { type: 'object' },
        log: logPosition as typeof logPosition,
      },
      required: [
        'room',
        'channel',
        'members',
        'created_at',
        'created_by',
        'description',
        'type',
        'hardcoded',
        'participants',
        'settings',
      ],
    },
  },
} as const;
