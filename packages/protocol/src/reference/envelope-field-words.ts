import { field, fieldNames } from '../envelope-fields.ts';

/** One field of the envelope, for the protocol reference. */
export interface EnvelopeFieldWords {
  /** Its name in JSON. */
  readonly name: string;
  /** JSON type. */
  readonly type: string;
  /** Whose word it is: what a client writes into a field of the server is ignored. */
  readonly setBy: 'client' | 'server' | 'both';
  /** The types of envelopes that it means something on. */
  readonly on: string;
  readonly meaning: string;
}

type Words = readonly [
  type: string,
  setBy: EnvelopeFieldWords['setBy'],
  on: EnvelopeFieldWords['on'],
  meaning: EnvelopeFieldWords['meaning'],
];

const words: Readonly<Record<keyof typeof field, Words>> = {
  version: ['string', 'both', 'all', '`1.0`, which is meant when it is missing. Any `1.x` is accepted.'],
  id: [
    'string',
    'both',
    'all',
    '`arq_` and 6 to 80 of `[A-Za-z0-9_-]`; names the message, and makes repeats harmless.',
  ],
  type: ['string', 'both', 'all', 'See "Types". `message` is read as `event`.'],
  timestamp: [
    'string',
    'server',
    'all',
    'RFC 3339, UTC, ms: when the server took it in. Another time of the client is kept as `metadata.client_timestamp`.',
  ],
  room: [
    'string',
    'client',
    'event, private',
    'A name, or `room:channel`. Missing: the default target of the connection.',
  ],
  channel: ['string', 'client', 'event, private', 'A name, or `*` for all members of the room.'],
  sender: [
    'string',
    'server',
    'event, private, telemetry',
    'Client id of the sender. Whatever a client writes is replaced.',
  ],
  to: [
    'string, or list of strings',
    'client',
    'private',
    'Client ids, or `user:<user>` for all connections of a user. A receiver sees its own entry only. Alias `to_client`.',
  ],
  payload: [
    'any',
    'both',
    'all',
    'Any JSON value; the bus does not look into it. Objects in replies and system messages.',
  ],
  contentType: [
    'string',
    'client',
    'event, private',
    'Default `application/json`. With a type that is not JSON, `payload` is base64 in JSON frames and bytes in Protobuf.',
  ],
  metadata: [
    'object',
    'both',
    'event, private',
    'Travels along. Keys that the server reserves are dropped: see below.',
  ],
  command: ['string', 'client', 'command', 'The name of the command. Alias `payload.command`.'],
  args: ['object', 'client', 'command', 'Its arguments. Alias `payload.parameters`.'],
  ack: ['boolean', 'client', 'event, private', 'Asks for one reply, once the bus has the message.'],
  requestId: ['string', 'server', 'response, error', 'The `id` that is answered.'],
  status: ['string', 'server', 'response, error', '`success` or `error`.'],
  error: ['string', 'server', 'error', 'What is wrong, for people.'],
  errorCode: ['string', 'server', 'error', 'What is wrong, for programs: one of the codes below.'],
  seq: ['number', 'server', 'event', 'Position in the log of its channel. Not on `live` channels.'],
  prevSeq: ['number', 'server', 'event', 'The position before it: another one than you have seen last is a gap.'],
  epoch: ['string', 'server', 'event', 'The log that `seq` counts in; another epoch is another log.'],
  schema: ['string', 'client', 'event, private', 'Schema id of the payload. Carried; nothing checks it yet.'],
  traceparent: ['string', 'client', 'event, private', 'W3C trace context.'],
  causalParentId: ['string', 'client', 'event, private', 'The id of the message that caused this one.'],
  vectorClock: ['object', 'client', 'event, private', 'Name to integer from 0. Checked and carried.'],
  intent: ['string', 'client', 'event, private', 'Reserved; checked and carried.'],
  vector: ['list of numbers', 'client', 'event, private', 'Reserved; checked and carried.'],
  capabilities: ['list of strings', 'client', 'event, private', 'Reserved; checked and carried.'],
  spectral: ['object', 'client', 'event, private', 'Reserved; checked and carried.'],
  signature: ['string', 'client', 'event, private', 'Base64, at most 256 bytes. Opaque to the bus.'],
  headers: ['object', 'client', 'event, private', 'Name to string. Carried.'],
  expectedSeq: [
    'number',
    'client',
    'event',
    'Publish only if this is the `seq` of the last publication of the channel, 0 = if its log holds none; else `CONFLICT`.',
  ],
};

/** Every field of the envelope, in the order of its numbers. */
export const envelopeFieldWords: readonly EnvelopeFieldWords[] = (Object.keys(field) as (keyof typeof field)[]).map(
  (key) => {
    const [type, setBy, on, meaning] = words[key];
    return { name: fieldNames[field[key]] ?? '', type, setBy, on, meaning };
  },
);
