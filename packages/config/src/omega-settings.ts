/** The Omega lane, an experiment that is off (OMG-1). Read by Brains alone. */
export const omegaSettings = {
  'omega.enabled': {
    kind: 'boolean',
    default: false,
    doc: 'true = administrators may use op.omega.*; in a cluster it needs valkey.url (OMG-1).',
  },
  'omega.lab_room': {
    kind: 'string',
    default: 'omega-lab',
    doc: 'The one room that events of the lane go to. This one is closed to all who are not let in; another is a room like all.',
  },
  'omega.lab_channel': { kind: 'string', default: 'signals', doc: 'The one channel of it.' },
  'omega.max_events': {
    kind: 'integer',
    default: 1_000,
    min: 1,
    max: 10_000,
    doc: 'Events of one tenant that are kept; more push the oldest out.',
  },
  'omega.max_substrates': { kind: 'integer', default: 128, min: 1, max: 1_024, doc: 'Substrates of one tenant.' },
  'omega.events_per_minute': {
    kind: 'integer',
    default: 600,
    min: 1,
    max: 60_000,
    doc: 'Events that one tenant may emit in a minute.',
  },
} as const;
