import { roomSchema } from './argument-schemas.ts';

const settingsSchema = { type: 'object', description: 'Whatever the tenant likes; the bus only keeps it.' } as const;

const roomArgs = {
  type: 'object',
  properties: { room: roomSchema as typeof roomSchema, settings: settingsSchema as typeof settingsSchema },
} as const;

const roomResult = {
  type: 'object',
  properties: { room: { type: 'string' }, settings: settingsSchema as typeof settingsSchema },
  required: ['room', 'settings'],
} as const;

/** Commands about rooms. */
export const roomCommands = {
  'op.room.create': {
    name: 'op.room.create',
    summary: 'Makes a room that is listed without channels, too; joining needs none.',
    right: 'manage',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'QUOTA_EXCEEDED'],
    args: roomArgs as typeof roomArgs,
    result: roomResult as typeof roomResult,
  },
  'op.room.settings': {
    name: 'op.room.settings',
    summary: 'Replaces the settings of a room, or tells them where none are given.',
    right: 'manage',
    errors: ['AUTHORIZATION_ERROR', 'ROOM_NOT_FOUND', 'CONFLICT', 'QUOTA_EXCEEDED'],
    args: roomArgs as typeof roomArgs,
    result: roomResult as typeof roomResult,
  },
  'op.room.delete': {
    name: 'op.room.delete',
    summary: 'Deletes a room with all of its channels, of which none may have members.',
    right: 'manage',
    errors: ['AUTHORIZATION_ERROR', 'ROOM_NOT_FOUND', 'CHANNEL_NOT_EMPTY', 'CONFLICT'],
    args: { type: 'object', properties: { room: roomSchema as typeof roomSchema } },
    result: {
      type: 'object',
      properties: { room: { type: 'string' }, channels: { type: 'integer', description: 'That went with it.' } },
      required: ['room', 'channels'],
    },
  },
} as const;
