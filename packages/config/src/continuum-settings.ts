/** What the projector takes and keeps (CTM-1). The first two are read by Shields too. */
export const continuumSettings = {
  'continuum.channel': {
    kind: 'string',
    default: 'continuum:episodes',
    doc: 'What is published in this room:channel of a tenant is an event of an episode, and goes to the projector; empty = nothing is.',
  },
  'continuum.stream_max_bytes': {
    kind: 'integer',
    default: 268_435_456,
    min: 1_048_576,
    max: 1_099_511_627_776,
    doc: 'Bytes of the stream of events, of all tenants, reserved by NATS when a Brain makes it; of a full one the oldest go. Backfills read what it holds.',
  },
  'continuum.retention_hours': {
    kind: 'integer',
    default: 168,
    min: 1,
    max: 87_600,
    doc: 'Hours that the stream keeps events when a Brain makes it, and that an event is known to have been seen.',
  },
  'continuum.episodes_per_tenant': {
    kind: 'integer',
    default: 1_000_000,
    min: 0,
    max: 100_000_000,
    doc: 'Episodes of one tenant, deleted ones included; events of further ones become dead letters.',
  },
  'continuum.dead_letters_per_tenant': {
    kind: 'integer',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    doc: 'Dead letters of one tenant; of more, the oldest go.',
  },
  'continuum.tombstone_days': {
    kind: 'integer',
    default: 90,
    min: 1,
    max: 36_500,
    doc: 'Days that a deleted episode is remembered, so that no older event brings it back.',
  },
} as const;
