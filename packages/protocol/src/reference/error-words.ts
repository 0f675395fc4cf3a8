import type { ErrorCode } from '../errors/error-table.ts';
import { commandFrame } from './error-example.ts';
import type { ErrorWords } from './error-example.ts';

const BAD_FRAMES = 'Goes on. Ten frames in a minute that cannot be read (`limits.bad_frames_per_minute`) end it: 4400.';

/** Why each code comes and what to do about it, beside the table of codes (PRT-10). */
export const errorWords: Readonly<Record<ErrorCode, ErrorWords>> = {
  VALIDATION_ERROR: {
    cause:
      'The frame is no JSON object or no envelope, a field breaks its grammar or bound, or arguments do not match the ' +
      'schema of their command. `payload.errors` lists what is wrong: `[{"field": "args.room", "problem": "…"}]`.',
    action: 'Correct the fields that are named. Sending the same frame again gives the same answer.',
    connection: BAD_FRAMES,
    example: { role: 'user', frames: [{ type: 'event', payload: { text: 'for nobody' } }] },
  },
  UNSUPPORTED_VERSION: {
    cause: 'The `version` of the frame is no `1.x`.',
    action: 'Send `1.0`, or leave the field out. A client for another major version needs another server.',
    connection: BAD_FRAMES,
    example: {
      role: 'user',
      frames: [{ version: '2.0', type: 'event', room: 'science:general', payload: { text: 'too new' } }],
    },
  },
  UNKNOWN_COMMAND: {
    cause: 'The server has no command of this name: a typing mistake, or a server that is older than the client.',
    action: 'Ask `help` for the commands that there are.',
    example: { role: 'user', frames: [commandFrame('fly', {})] },
  },
  UNKNOWN_TYPE: {
    cause: 'The `type` is unknown, or one that only servers send (`system`, `response`, `error`, `task`).',
    action: 'Clients send `event`, `private`, `command` and `telemetry`.',
    connection: BAD_FRAMES,
    example: { role: 'user', frames: [{ type: 'system', payload: { text: 'I am the server' } }] },
  },
  NOT_FOUND: {
    cause: 'Over HTTP: the path is none of those that the port knows.',
    action: 'Connect to `/v1/socket`.',
    connection: 'None comes about.',
  },
  ROOM_NOT_FOUND: {
    cause: 'No channel of this room exists in your tenant. Rooms of other tenants do not exist for you either.',
    action: 'Look at `list_rooms`, or join a channel of the room: that makes both.',
    example: { role: 'user', frames: [commandFrame('list_channels', { room: 'nowhere' })] },
  },
  CHANNEL_NOT_FOUND: {
    cause:
      'The channel does not exist in your tenant: never made, deleted, or made by a join and gone 60 s after its last member left.',
    action: 'Look at `list_channels`, or join it: that makes it.',
    example: { role: 'user', frames: [commandFrame('channel_info', { room: 'science', channel: 'nowhere' })] },
  },
  TARGET_NOT_FOUND: {
    cause:
      'No client of this id, or no connection of this user, is in your tenant now (with `private.scope` = `shared_room`: ' +
      'in one of your rooms). `payload.missing` names the targets; the others have got the message.',
    action: 'Send it later, or publish it to a channel with a log, where it waits.',
    example: { role: 'user', frames: [{ type: 'private', to: 'user:nobody', payload: { text: 'hello?' }, ack: true }] },
  },
  CHANNEL_EXISTS: {
    cause: '`create_channel` for a channel that was created before, or that the configuration provides.',
    action: 'Use the channel. Who only wants to be in it joins and needs not create it.',
    example: {
      role: 'moderator',
      frames: [commandFrame('create_channel', { room: 'science', channel: 'general' })],
    },
  },
  CHANNEL_NOT_EMPTY: {
    cause: '`delete_channel` for a channel that somebody is in.',
    action: 'Wait until all have left, or end their sessions with `op.session.disconnect`.',
    example: {
      role: 'moderator',
      frames: [
        commandFrame('join_channel', { room: 'attic', channel: 'full' }),
        commandFrame('delete_channel', { room: 'attic', channel: 'full' }),
      ],
    },
  },
  CONFLICT: {
    cause:
      'Somebody else changed the same thing at the same time, such as deleted the channel that you were making, or published ' +
      'before you did where you sent `expected_seq`. In a replay: a sequence that goes back.',
    action:
      'Look at the state as it is now, and decide anew. After `expected_seq`, `payload.seq` is the present sequence.',
  },
  PAYLOAD_TOO_LARGE: {
    cause:
      'The message is over a limit: `limits.max_frame_bytes` (the SDK refuses it before it is sent), the `max_payload` of ' +
      'NATS, 8 KiB of headers in the handshake, or 1 KiB of `meta`. Of a replay: the window holds more than can be ordered.',
    action: 'Send less: put large content elsewhere, and its address into the message.',
    connection:
      'A frame over the limit ends it: 1009, or 1006 from the native socket server. The welcome tells the limit.',
  },
  AUTHENTICATION_FAILED: {
    cause:
      'There is no token, or its signature, algorithm, issuer, audience or claims are not accepted. On `refresh`: the ' +
      'token is of another user or tenant. Why exactly is told to the operator only: the metric ' +
      '`arqonbus_connections_refused_total` counts by reason.',
    action: 'Get a new token from your issuer. `sub`, `tenant_id` and `exp` are required.',
    connection: 'Refused with 401, or closed 4401 where the token came as a subprotocol.',
    example: { role: 'user', frames: [commandFrame('refresh', { token: 'not.a.token' })] },
  },
  TOKEN_EXPIRED: {
    cause: 'The time in `exp` has passed (up to 30 s of difference between clocks are forgiven).',
    action: 'Get a new token. Give the SDK a function that does so, and it refreshes before the end by itself.',
    connection: 'Refused with 401, or closed 4401.',
  },
  AUTHORIZATION_ERROR: {
    cause:
      'Role and permissions of the token do not allow this here; the origin of the page may not connect; or an operator ' +
      'ended the session.',
    action:
      'Use a token that may, or do without. A permission with the effect `deny` wins over all others; reserved rooms need ' +
      'a permission that names them.',
    connection: 'Goes on, but for a wrong origin (403, or closed 4403) and an operator’s word (closed 4403).',
    example: { role: 'user', frames: [commandFrame('op.ban.list', {})] },
  },
  NOT_SUBSCRIBED: {
    cause:
      'Publishing to, or leaving, a channel that this connection has not joined. Each connection joins for itself.',
    action: 'Join first; after a reconnect, join again (the SDK does). A `publish` permission replaces the join.',
    example: { role: 'user', frames: [{ type: 'event', room: 'science:general', payload: { text: 'hi' }, ack: true }] },
  },
  BANNED: {
    cause: 'An administrator banned the user. `payload.until` tells for how long, where it is not for good.',
    action: 'Wait, or ask an administrator for `op.ban.lift`.',
    connection: 'Closed 4403 at once, on every Shield; refused with 403 afterwards.',
  },
  FEATURE_DISABLED: {
    cause: '`history` of a `live` channel: it keeps nothing.',
    action: 'Use a channel that keeps a log; `log.rules` says which ones do.',
    example: {
      role: 'admin',
      frames: [commandFrame('history', { room: 'integriguard', channel: 'telemetry-stream' })],
    },
  },
  RESUME_EXPIRED: {
    cause:
      'The token of a `resume` holds no more: its session was lost for longer than `resume.window_ms` (2 minutes), ended ' +
      'for good, or has been resumed with it already; or no Shield gave it out to this user.',
    action: 'Join again with `from`, as the SDK does: nothing is lost but the client id.',
    example: { role: 'user', frames: [commandFrame('resume', { resume_token: 'none', channels: {} })] },
  },
  RATE_LIMITED: {
    cause:
      'Messages, bytes or commands came faster than the connection or its tenant may send, or connections faster than ' +
      'their address may open them. The message was not published.',
    action:
      'Wait for `payload.retry_after_ms`, then send it again under the same `id`. Send fewer, or larger, messages.',
    connection:
      'Goes on. A hundred refusals within ten seconds (`limits.refusals_per_ten_seconds`) end it: 4429, and its user is ' +
      '[held off](../protocol.md#floods) at that address.',
  },
  QUOTA_EXCEEDED: {
    cause: 'As many connections, subscriptions or channels as the user, tenant or connection may have.',
    action: 'Close or leave what is not needed, or have the limit raised (`limits.…` in the configuration).',
    connection: 'A connection too many is refused with 429, or closed 4429. It may be tried again later.',
  },
  SCHEMA_VIOLATION: {
    cause:
      'The payload does not fit the schema of its channel, `payload.schema_id`: `payload.violations` says where (`path`) and ' +
      'what (`message`). With `payload.reason` `schema_unavailable` there is nothing to hold it to, and so nothing is let ' +
      'through: the schema is missing or cannot be read.',
    action:
      'Send what the schema says; `op.schema.get` shows it to an administrator. For `schema_unavailable`: register the ' +
      'schema again, or unbind the channel.',
  },
  CASIL_POLICY_BLOCKED_SECRET: {
    cause:
      'The message holds a key, a password or something else that the policy of the tenant refuses; `payload.errors` says ' +
      'which detector found it and where, and not what. Nobody has got the message, and it is stored nowhere.',
    action: 'Leave it out. If it is no secret, tell the administrators: `op.casil.test` shows them what is found.',
  },
  CASIL_POLICY_OVERSIZE: {
    cause: 'The payload is larger than the policy of the tenant allows, or than what is inspected of one.',
    action:
      'Send it in smaller parts, or ask the administrators to raise `casil.max_payload_bytes` or `casil.max_inspect_bytes`.',
  },
  CASIL_INTERNAL_ERROR: {
    cause:
      'The content could not be inspected: it is no text (`payload.errors` says so), or the inspection failed ' +
      '(`payload.trace_id` names the line in the server’s log). Where content is enforced, that is refused.',
    action: 'Send text or JSON. Binary content needs `casil.opaque: allow`.',
  },
  POLICY_BLOCKED: {
    cause:
      'A policy of the tenant refuses the content: `payload.errors` names it, with the code and the reason that its author ' +
      'gave. Nobody has got the message, and it is stored nowhere.',
    action: 'Do as the reason says. Sending the same again gives the same answer as long as the policy is in force.',
  },
  POLICY_ERROR: {
    cause:
      'A policy of the tenant could not judge the message, which is refused therefore. `payload.errors` names the policy and ' +
      'why: `fuel` (it took too long), `trap`, `stack`, `pointer` (it failed), `payload_too_large` (for its memory), ' +
      '`suspended` (it ran out of fuel ten times in a row, and is not asked for a second), `tenant_fuel` (the policies of the tenant have taken what they may in a second), ' +
      '`bad_payload` (what it put in the place of the payload is none), `missing` (it cannot be loaded), `second_change`.',
    action: 'Tell the administrators of the tenant: `op.policy.test` shows them the same, `op.policy.unbind` ends it.',
  },
  UNAVAILABLE: {
    cause:
      'A part of the bus cannot be reached: NATS, the Brain of a room, the key set of the tokens; or the Shield is full ' +
      'or draining. The request was not carried out.',
    action: 'Try again, later each time. The SDK does so for connections and for acknowledged publications.',
    connection: 'Goes on. A new one is refused with 503 and `Retry-After`, or closed 1013.',
  },
  TIMEOUT: {
    cause:
      'No answer came in time. Whether the request was carried out is not known. Of a replay: the client does not read.',
    action:
      'A publication to a channel with a log: send it again under the same `id` within two minutes, it will not be there ' +
      'twice. Anything else: look at the state first.',
  },
  INTERNAL_ERROR: {
    cause: 'A fault of the bus. `payload.trace_id` names the line in the server’s log.',
    action: 'Tell the operator the `trace_id`. Do not repeat the request in a loop.',
  },
};
