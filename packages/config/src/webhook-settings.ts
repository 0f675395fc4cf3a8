/** Deliveries to addresses of tenants: what they may reach, and how often (WHK-1 to WHK-4). Read by Brains alone. */
export const webhookSettings = {
  'webhooks.secret_key': {
    kind: 'secret',
    default: '',
    doc: 'Seals addresses and secrets of webhooks: at least 32 bytes, the same at every Brain. Empty = none can be registered where storage.backend is postgres.',
  },
  'webhooks.other_secret_key': {
    kind: 'secret',
    default: '',
    doc: 'What was sealed with this key is opened as well, while webhooks.secret_key is being replaced.',
  },
  'webhooks.per_tenant': { kind: 'integer', default: 100, min: 0, max: 10_000, doc: 'Webhooks of one tenant.' },
  'webhooks.per_user': { kind: 'integer', default: 20, min: 0, max: 10_000, doc: 'Webhooks of one user.' },
  'webhooks.allow_http': {
    kind: 'boolean',
    default: false,
    doc: 'true = webhooks may go to http:// addresses, where anybody on the way can read them (WHK-4).',
  },
  'webhooks.ports': {
    kind: 'list',
    default: ['443', '8443'],
    doc: 'Ports that webhooks may go to; * = any (WHK-4).',
  },
  'webhooks.allow_private': {
    kind: 'list',
    default: [],
    doc: 'Addresses and ranges that webhooks may go to although they are private, loopback or otherwise not public (WHK-4).',
  },
  'webhooks.timeout_ms': {
    kind: 'duration_ms',
    default: 15_000,
    min: 100,
    max: 60_000,
    doc: 'Time for one attempt, from looking up the name to the end of the answer; a webhook may ask for less.',
  },
  'webhooks.retry_after_seconds': {
    kind: 'list',
    default: ['5', '300', '1800', '7200', '18000', '36000', '50400', '72000', '86400'],
    doc: 'When a failed delivery is tried again, in seconds after its first attempt; the last one is the end (WHK-3).',
  },
  'webhooks.keep_deliveries': {
    kind: 'integer',
    default: 1_000,
    min: 1,
    max: 100_000,
    doc: 'Deliveries of each webhook that can be listed and replayed, and as many dead letters.',
  },
} as const;
