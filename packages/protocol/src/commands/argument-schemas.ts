/** Name grammar of rooms and channels, as a JSON Schema pattern. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$' as const;

/** A room's name; `room:channel` is accepted where a channel is wanted too. */
export const roomSchema = {
  type: 'string',
  description: 'Room, or `room:channel`.',
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(:([A-Za-z0-9][A-Za-z0-9_.-]{0,63}|\\*))?$',
} as const;

/** A channel's name, or `*` for the room's own pseudo-channel. */
export const channelSchema = {
  type: 'string',
  description: 'Channel of the room.',
  pattern: '^([A-Za-z0-9][A-Za-z0-9_.-]{0,63}|\\*)$',
} as const;

/** Opaque place in a paged list. */
export const cursorSchema = { type: 'string', maxLength: 512, description: 'Cursor of the page before.' } as const;

/** Size of a page. */
export const limitSchema = { type: 'integer', minimum: 1, maximum: 1000, description: 'Entries in the page.' } as const;

/** RFC 3339 in UTC with milliseconds (PRT-25). */
export const timeSchema = { type: 'string', maxLength: 40, description: 'RFC 3339 time.' } as const;

/** A position in a channel's log. */
export const positionSchema = {
  type: 'object',
  description: 'The last position that was received: what came after it follows the reply.',
  properties: { epoch: { type: 'string', maxLength: 64 }, seq: { type: 'integer', minimum: 0 } },
  required: ['epoch', 'seq'],
} as const;

/** A client as others see it. */
export const memberSchema = {
  type: 'object',
  properties: {
    client_id: { type: 'string' },
    user: { type: 'string' },
    client_type: { type: 'string', enum: ['human', 'ai-agent', 'dashboard', 'service'] },
    screen_name: { type: 'string' },
    avatar: { type: 'string' },
    personality: { type: 'string' },
    joined_at: timeSchema as typeof timeSchema,
    status: { type: 'string' },
    meta: { type: 'object' },
  },
  required: ['client_id', 'user', 'client_type', 'joined_at'],
} as const;

/** No arguments, or no result. */
export const nothingSchema = { type: 'object', properties: {} } as const;
