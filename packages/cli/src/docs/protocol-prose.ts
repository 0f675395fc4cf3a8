/** The parts of the protocol reference that no table holds. */
export const head = `# Client protocol 1.0

What goes over the wire, for those who write a client. With the [TypeScript SDK](sdk-typescript.md) you need none of it.
Made by \`npm run docs\` from the tables that the server itself uses; a test compares the two.`;

/** How a connection begins. */
export const connecting = `## Connecting

A WebSocket (version 13) to \`/v1/socket\`; \`/ws\` and \`/\` mean the same.

| subprotocol | frames |
|---|---|
| \`arqon.v1.json\`, or none offered | text |
| \`arqon.v1.proto\` | binary |

The first one that the server knows is taken; if it knows none, the answer is 400. Both formats meet in one channel. A
frame of the wrong kind closes 1003.

The token is a JWT. \`sub\` (the user), \`tenant_id\` and \`exp\` are required; \`role\` (\`guest\`, \`user\`, \`moderator\`,
\`admin\`; default \`user\`), \`permissions\` (a list of \`{action, pattern, effect}\`), \`capabilities\` and \`name\` are
optional. It comes in one of these places:

| place | refusals are told by |
|---|---|
| header \`Authorization: Bearer <token>\` | HTTP status and a JSON body \`{"error", "error_code", "details"}\` |
| subprotocol \`bearer.<token>\`, beside one of the two above (browsers) | an \`error\` frame, then 4400, 4401, 4403, 4429 or 1013 |
| query parameter \`token\`, if \`server.query_token\` is set | as with the header |

Query parameters describe the client; all are optional:

| parameter | meaning |
|---|---|
| \`client_type\` | \`human\` (default), \`ai-agent\`, \`dashboard\` or \`service\` |
| \`screen_name\`, \`avatar\`, \`personality\` | what others see; up to 256 characters each |
| \`room\`, \`channel\` | the default target; with both, the channel is joined at once (\`system\` event \`joined\`) |

The server speaks first:

\`\`\`json
{"version": "1.0", "id": "arq_01KBAC3V6W2WJ4X0D2Y0Z8Q5RT", "type": "system", "timestamp": "2026-11-25T20:00:00.000Z",
 "payload": {"event": "welcome", "client_id": "nb0065ebf941e_e484f99fb84b9f56e117", "session_id": "s_3f0d6f5f0f0c4f6f8e1a2b3c",
  "user": "alice", "tenant": "acme", "protocol": "1.0", "server_time": "2026-11-25T20:00:00.000Z", "heartbeat_ms": 25000,
  "limits": {"max_frame_bytes": 65536, "max_subscriptions": 128, "messages_per_second": 100, "bytes_per_second": 1048576,
   "commands_per_second": 30, "max_depth": 32, "history_page": 1000, "recovery_page": 300},
  "token_expires_at": "2026-11-25T21:00:00.000Z", "resume_token": "AQ9X…"}}
\`\`\`

It pings every \`heartbeat_ms\`; a client from which nothing comes, no frame and no pong, is closed 4408. The command
\`refresh\` replaces the token before it expires; an expired session is closed 4401.`;

/** What clients and servers send. */
export const types = `## Types

| type | from clients | from the server |
|---|---|---|
| \`event\` | publishes to a channel, or with the channel \`*\` to all members of a room | a publication of a channel that you are in |
| \`private\` | goes to the clients and users in \`to\`, in your tenant only | such a message |
| \`command\` | asks the server for something | |
| \`telemetry\` | goes to \`integriguard:telemetry-stream\`; the payload needs \`eventType\` | such a message, to those who may join that channel |
| \`system\` | | the server's own word: see below |
| \`response\`, \`error\` | | the one reply to a frame |

\`task\` is reserved. A room or channel name is 1 to 64 of \`[A-Za-z0-9_.-]\` and begins with a letter or digit. An
\`event\` to the channel \`pm\` with \`to\` is a private message.

Joining, publishing and reading back:

\`\`\`json
{"type": "command", "id": "arq_join0001", "command": "join_channel", "args": {"room": "science", "channel": "general"}}
{"type": "event", "id": "arq_hello001", "room": "science:general", "payload": {"text": "hi"}, "ack": true}
{"type": "command", "id": "arq_hist0001", "command": "history", "args": {"room": "science:general", "limit": 10}}
\`\`\``;

/** Who gets an answer. */
export const replies = `## Replies

A \`command\` gets exactly one \`response\` (\`status: "success"\`, the result in \`payload\`) or one \`error\`, with your
\`id\` in \`request_id\`. An \`event\` or \`private\` gets one only with \`ack: true\`: a \`response\` once the bus has the
message (with \`seq\` and \`epoch\` where the channel keeps a log, and \`duplicate: true\` when this \`id\` was there
before), or an \`error\`. Without \`ack\` you hear of it only if it was refused.

An \`error\` has \`error_code\` for programs, \`error\` for people, and in \`payload\` what helps: \`errors\` (the wrong
fields), \`retry_after_ms\`, \`missing\`, \`trace_id\`.`;

/** What becomes of who does not slow down. */
export const floods = `## Floods

Who is refused again and again for being too fast, or floods with pings, is cut: 4429. Before that an \`error\` without
\`request_id\` says how long its user is held off at that address: \`RATE_LIMITED\`, \`retry_after_ms\`. It is a second at first,
then eight, then a minute each time that it goes on, and a second again after a calm minute. Where several users of a tenant
are held off, they come back one after the other, five a second, none after more than a minute. A handshake before that
waits for its end for up to four times \`limits.connect_queue_ms\` (8 s, never longer), and is then refused with 429 and \`Retry-After\`, in the
browser's case with the same \`error\` and 4429. Other connections of that user go on; so does everybody else at that
address. Each Shield counts for itself. The session can be resumed afterwards.`;

/** How to come back as the same client. */
export const resuming = `## Resuming

Within two minutes (\`resume.window_ms\`) of a loss, a new connection to any Shield can go on as the client that was lost:

\`\`\`json
{"type": "command", "command": "resume", "id": "arq_resume-1", "args": {"resume_token": "AQ9X…", "channels": {
  "science:general": {"epoch": "9f1c4a…", "seq": 4711, "echo": true},
  "science:lab": null}}}
\`\`\`

It comes first: a connection that has joined a channel is refused (\`CONFLICT\`), so leave \`channel\` out of the URL.
\`channels\` is what the session was: each with its last position, where there was one, and the options of its join. The
reply tells the client id, a new token (each works once) and what each join would have told, or \`error_code\`: rights are
checked again. What was missed follows as ordinary events, in order and before what is new. Others in the channel see
nothing of it within \`presence.linger_ms\` (10 s) of the loss, and a \`leave\` and a \`join\` of the same client later.
Where the old connection is still open, it is told \`replaced\` and closed 4403. Private messages arrive on the new one.

\`RESUME_EXPIRED\` leaves the connection as it is: join with \`from\`. A session that ended with a goodbye (1000), or by an
order, cannot be resumed. \`UNAVAILABLE\` decides nothing: the token still holds.`;

/** What is promised of deliveries. */
export const delivery = `## Delivery

- You do not receive your own events unless you joined with \`echo: true\`.
- Two events of one connection to one channel arrive in that order everywhere.
- A channel with a log has one order for all: \`seq\` rises, \`prev_seq\` is the one before. Drop what you have seen
  (\`seq\` not above your last, in the same \`epoch\`).
- After a lost connection, come back as the same client with [\`resume\`](#resume), or join with \`from\` and your last
  position. \`recovered: true\` means that everything after it follows, as ordinary events; \`false\` that something is
  missing (\`reason\`).
- A message to the whole room comes once, however many of its channels you are in. The channel \`*\` has a log and
  positions of its own.
- Send a publication whose reply was lost again under the same \`id\` within two minutes: where the channel keeps a log,
  it is stored and delivered once.`;
