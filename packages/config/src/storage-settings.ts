/** What Brains keep outside NATS, and where (BRN-2). */
export const storageSettings = {
  'storage.backend': {
    kind: 'enum',
    values: ['memory', 'postgres'],
    default: 'memory',
    doc: 'Where Brains keep durable state; memory is for development alone.',
  },
  'archive.retention_days': {
    kind: 'integer',
    default: 90,
    min: 0,
    max: 36_500,
    live: true,
    doc: 'Days that the archive keeps publications; 0 = for ever (LOG-15).',
  },
  'postgres.url': {
    kind: 'secret',
    default: '',
    doc: 'Of Brains: postgres://arqon_brain:password@host:5432/arqonbus?sslmode=verify-full; sslrootcert names an authority; of several hosts, a:5432,b:5432, whichever takes writes is used.',
  },
  'postgres.owner_url': {
    kind: 'secret',
    default: '',
    doc: 'The same database as the role that owns its tables, for `arqon migrate` alone.',
  },
  'postgres.pool_size': {
    kind: 'integer',
    default: 10,
    min: 1,
    max: 200,
    doc: 'Connections of one Brain to Postgres at the most.',
  },
  'postgres.max_waiting': {
    kind: 'integer',
    default: 100,
    min: 0,
    max: 10_000,
    doc: 'Transactions that may wait for one of them; more are refused.',
  },
  'postgres.connect_timeout_ms': {
    kind: 'duration_ms',
    default: 2_000,
    min: 100,
    max: 30_000,
    doc: 'Time to open a connection, or to get a free one.',
  },
  'postgres.statement_timeout_ms': {
    kind: 'duration_ms',
    default: 2_000,
    min: 100,
    max: 60_000,
    doc: 'Time for a statement (BRN-2).',
  },
  'valkey.url': {
    kind: 'list',
    default: [],
    doc: 'Valkey or Redis 7, redis://host:port or rediss://host:port; read by Brains alone. Also ARQONBUS_REDIS_URL.',
  },
  'valkey.cluster': {
    kind: 'boolean',
    default: false,
    doc: 'true = Valkey Cluster; valkey.url names some of its nodes.',
  },
  'valkey.user': { kind: 'string', default: '', doc: "The service's own Valkey user (BRN-2)." },
  'valkey.password': { kind: 'secret', default: '', doc: 'Its password.' },
  'valkey.ca_file': {
    kind: 'string',
    default: '',
    doc: 'Certificates of the authority that Valkey is checked against; empty = those that the system trusts.',
  },
  'valkey.timeout_ms': {
    kind: 'duration_ms',
    default: 250,
    min: 10,
    max: 10_000,
    doc: 'A call of Valkey that takes longer has failed (BRN-2).',
  },
} as const;
