import { positionSchema } from './argument-schemas.ts';
import { joinResultSchema } from './channel-commands.ts';

/** How a channel is taken up again: as by `join_channel`, with the position in place. */
const resumedChannelSchema = {
  type: 'object',
  nullable: true,
  description: 'Null: from now on, without options.',
  properties: {
    epoch: { type: 'string', maxLength: 64, description: 'With `seq`: the last position that was received.' },
    seq: { type: 'integer', minimum: 0 },
    echo: { type: 'boolean', description: 'As with `join_channel`, like the others.' },
    presence: { type: 'boolean' },
    room_from: positionSchema as typeof positionSchema,
    meta: { type: 'object' },
  },
} as const;

/** The command that brings a session back on another connection. */
export const resumeCommands = {
  resume: {
    name: 'resume',
    summary: 'Makes this connection the client of an earlier one, in its channels, with everything it missed (PRT-7).',
    right: 'any',
    needsConnection: true,
    errors: ['RESUME_EXPIRED', 'CONFLICT', 'PAYLOAD_TOO_LARGE'],
    hasSecretArgs: true,
    args: {
      type: 'object',
      properties: {
        resume_token: { type: 'string', maxLength: 2048, description: 'The newest one that the client was given.' },
        channels: {
          type: 'object',
          description: 'The channels of the session by `room:channel`, each with its position and options.',
          additionalProperties: resumedChannelSchema as typeof resumedChannelSchema,
        },
        status: { type: 'string', maxLength: 64, description: 'What `set_status` had set.' },
        meta: { type: 'object', description: 'What `set_status` had set; at most 1 KiB.' },
      },
      required: ['resume_token', 'channels'],
    },
    result: {
      type: 'object',
      properties: {
        client_id: { type: 'string', description: 'Who this connection is from now on.' },
        resume_token: { type: 'string', description: 'For the next time; the one that was used is used up.' },
        channels: {
          type: 'array',
          description: 'In the order of the request.',
          items: {
            type: 'object',
            properties: {
              room: { type: 'string' },
              channel: { type: 'string' },
              joined: joinResultSchema as typeof joinResultSchema,
              error_code: { type: 'string', description: 'Why the client is not in the channel.' },
              error: { type: 'string' },
            },
            required: ['room', 'channel'],
          },
        },
      },
      required: ['client_id', 'resume_token', 'channels'],
    },
  },
} as const;
