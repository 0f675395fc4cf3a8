/** Outboxes of applications, whose rows the Bridge publishes (BRG-1). Read by Bridges alone. */
export const outboxSettings = {
  'outbox.file': {
    kind: 'string',
    default: '',
    doc: 'YAML file with the outboxes that the Bridge publishes from (docs/outbox.md); it is read again when it changes. Empty = none.',
  },
  'outbox.batch_rows': {
    kind: 'integer',
    default: 100,
    min: 1,
    max: 100,
    doc: 'Rows that are published together at the most.',
  },
  'outbox.poll_ms': {
    kind: 'duration_ms',
    default: 1_000,
    min: 50,
    max: 5_000,
    doc: 'How often an outbox is asked for rows where it has told of none, and a Bridge that has not the turn asks for it.',
  },
  'outbox.keep_published_ms': {
    kind: 'duration_ms',
    default: 0,
    min: 0,
    max: 2_592_000_000,
    doc: 'How long published rows stay in the table, to be looked at; 0 = they are removed as they are published.',
  },
} as const;
