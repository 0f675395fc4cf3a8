/** One kind of `system` message, for the protocol reference. */
export interface SystemEventWords {
  /** Members of the payload beside `event`. */
  readonly members: string;
  readonly meaning: string;
}

/** The `payload.event` of every `system` message that a Shield sends to clients. */
export const systemEventWords: Readonly<Record<string, SystemEventWords>> = {
  welcome: { members: 'see above', meaning: 'The session is open. Always the first frame.' },
  joined: {
    members: 'as the result of `join_channel`',
    meaning: 'The channel of the query parameters `room` and `channel` was joined.',
  },
  replaced: {
    members: '',
    meaning: 'The client was resumed on another connection. This one is closed 4403 `replaced`.',
  },
  broadcast: {
    members: '`payload`',
    meaning: 'An administrator’s server tells something to every connection of the tenant.',
  },
  token_expiring: {
    members: '`in_ms`',
    meaning: 'Send `refresh` with a new token within this time, or be closed 4401.',
  },
  going_away: {
    members: '`reconnect_in_ms`',
    meaning: 'The connection will be closed 1012. Come back after this time, not before.',
  },
  schema_warning: {
    members: '`room`, `channel`, `schema_id`, `version`, `reason`, `violations`; and `message_id`',
    meaning:
      'What the client sent went out, but does not fit the schema of the channel: `violations` say where (`path`) and what ' +
      '(`message`). With `mode: enforce` it would have been refused with `SCHEMA_VIOLATION`.',
  },
  lagging: {
    members: '`room`, `channel`; and `epoch`, `seq`, or `recovered: false`, `reason`, or `shed`',
    meaning:
      'The client reads too slowly. With `epoch` and `seq`: what follows is read from the log after that position, and ' +
      'nothing is missing. With `recovered: false`: something is missing before what follows. With `shed`: so many ' +
      'messages of a `live` channel (without a channel: private and system messages) were dropped.',
  },
  discontinuity: {
    members: '`room`, `channel`, `reason`',
    meaning: 'The Shield was cut off: messages of this `live` channel may be missing. Nobody can tell which.',
  },
  presence: {
    members: '`room`, `channel`, `joins`, `leaves`, `updates`, `total`; and perhaps `counts_only`, `reset`',
    meaning:
      'To those who joined with `presence: true`: who came (`first_of_user`: no other connection of the user was there), ' +
      'went (`last_of_user`) and changed. With `counts_only` there are too many to name. With `reset`, `joins` are all ' +
      'there are, and who was known before is to be forgotten.',
  },
};
