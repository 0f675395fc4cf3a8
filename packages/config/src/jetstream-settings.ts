/** Of the log on NATS: its streams, and the ids under which they know what they hold (LOG-2, LOG-5). */
export const jetStreamSettings = {
  'log.id_key': {
    kind: 'secret',
    default: '',
    doc: 'Key of the message ids on JetStream, at least 32 bytes, the same at every Shield (LOG-5).',
  },
  'log.other_id_key': {
    kind: 'secret',
    default: '',
    doc: 'What was stored under ids of this key is known as well, while `log.id_key` is being replaced (LOG-5).',
  },
  'log.shards': {
    kind: 'integer',
    default: 1,
    min: 1,
    max: 256,
    live: true,
    doc: 'Streams of each profile of the log on NATS that tenants are spread over; another number gives channels that move another epoch (LOG-2).',
  },
  'tenants.dedicated': {
    kind: 'list',
    default: [],
    live: true,
    doc: 'Tenants whose channels have streams of their own in the log on NATS (LOG-2).',
  },
  'log.stream_max_bytes': {
    kind: 'integer',
    default: 1_073_741_824,
    min: 1_048_576,
    max: 1_099_511_627_776,
    doc: 'Bytes of each stream of the log on NATS; a full one refuses what comes (LOG-2).',
  },
  'log.durable_tags': {
    kind: 'list',
    default: [],
    doc: 'Tags of the NATS servers that fsync every write: streams of class durable lie there alone. Empty = on any (LOG-2).',
  },
  'log.durable_on_any_nats': {
    kind: 'boolean',
    default: false,
    doc: 'true = durable channels also on releases of NATS that cannot keep them through a loss of power; for tests alone.',
  },
} as const;
