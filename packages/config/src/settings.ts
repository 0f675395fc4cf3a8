import { bridgeSettings } from './bridge-settings.ts';
import { casilSettings } from './casil-settings.ts';
import { continuumSettings } from './continuum-settings.ts';
import { jetStreamSettings } from './jetstream-settings.ts';
import { limitSettings } from './limit-settings.ts';
import type { LimitSettings } from './limit-settings.ts';
import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import { SHIPPED_RULES } from './log-settings.ts';
import { omegaSettings } from './omega-settings.ts';
import { outboxSettings } from './outbox-settings.ts';
import { storageSettings } from './storage-settings.ts';
import { taskSettings } from './task-settings.ts';
import { webhookSettings } from './webhook-settings.ts';
import type { LogProfile, LogRule } from '@arqonbus/protocol';

const plainSettings = {
  'server.host': { kind: 'string', default: '127.0.0.1', doc: 'Address that clients connect to.' },
  'server.port': { kind: 'integer', default: 9100, min: 0, max: 65_535, doc: 'Port for clients; 0 = a free one.' },
  'server.listener': {
    kind: 'enum',
    values: ['auto', 'uws', 'ws'],
    default: 'auto',
    doc: 'Socket server; auto = the native one where it loads.',
  },
  'server.compression': { kind: 'boolean', default: false, doc: 'Offer permessage-deflate (PRT-24).' },
  'server.trusted_proxies': {
    kind: 'list',
    default: [],
    doc: 'Addresses whose X-Forwarded-For is believed and which end TLS.',
  },
  'server.allowed_origins': {
    kind: 'list',
    default: [],
    doc: 'Origins of browser pages that may connect; compared exactly.',
  },
  'server.tls_cert_file': {
    kind: 'string',
    default: '',
    doc: 'Certificate chain in PEM: the Shield ends TLS itself, and reads it again when it changes (AUT-6).',
  },
  'server.tls_key_file': { kind: 'string', default: '', doc: 'Its private key in PEM, without a passphrase.' },
  'server.query_token': { kind: 'boolean', default: false, doc: 'Accept the token as a query parameter (PRT-2).' },
  'server.drain_timeout_ms': {
    kind: 'duration_ms',
    default: 30_000,
    min: 0,
    max: 600_000,
    doc: 'Time for clients to leave at shutdown (DPL-3).',
  },
  'http.host': { kind: 'string', default: '127.0.0.1', doc: 'Address of the admin port.' },
  'http.port': {
    kind: 'integer',
    default: 8080,
    min: 0,
    max: 65_535,
    doc: 'Port for health, version and metrics; 0 = a free one.',
  },
  'http.admin_token': {
    kind: 'secret',
    default: '',
    doc: 'Bearer token of /settings at the admin port of a Shield, at least 32 bytes; empty = settings cannot be changed at run time.',
  },
  'telemetry.port': {
    kind: 'integer',
    default: 9101,
    min: 0,
    max: 65_535,
    doc: 'Port of the telemetry stream; 0 = a free one.',
  },
  'telemetry.log_level': {
    kind: 'enum',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
    live: true,
    doc: 'Least level that is logged.',
  },
  'telemetry.traces_url': {
    kind: 'string',
    default: '',
    doc: 'OTLP/HTTP address that spans are sent to, https://host:4318/v1/traces; empty = no tracing (TEL-3).',
  },
  'telemetry.traces_per_million': {
    kind: 'integer',
    default: 10_000,
    min: 0,
    max: 1_000_000,
    doc: 'Messages traced of a million; errors are always.',
  },
  'auth.mode': {
    kind: 'enum',
    values: ['required', 'development'],
    default: 'required',
    doc: 'development = the process issues its own tokens (AUT-3).',
  },
  'auth.jwt_secret': { kind: 'secret', default: '', doc: 'Shared secret for HS256, at least 32 bytes.' },
  'auth.jwt_public_key': { kind: 'secret', default: '', doc: 'Public key in PEM for RS256, ES256 or EdDSA.' },
  'auth.jwks_file': { kind: 'string', default: '', doc: 'Path of a JWK set.' },
  'auth.jwks_url': { kind: 'string', default: '', doc: 'Address of a JWK set.' },
  'auth.service': {
    kind: 'boolean',
    default: false,
    doc: 'true = a service of your own checks tokens, over NATS (AUT-6, docs/authenticator.md); in the place of keys.',
  },
  'auth.algorithms': {
    kind: 'list',
    values: ['HS256', 'RS256', 'ES256', 'EdDSA'],
    default: ['HS256', 'RS256', 'ES256', 'EdDSA'],
    doc: 'Algorithms that tokens may use; each fits one type of key.',
  },
  'auth.issuer': { kind: 'string', default: '', doc: 'Demanded iss of tokens; empty = any.' },
  'auth.audience': { kind: 'string', default: '', doc: 'Demanded aud of tokens; empty = any.' },
  'access.default': {
    kind: 'enum',
    values: ['open', 'closed'],
    default: 'open',
    live: true,
    doc: 'closed = every action needs a grant (PRM-2).',
  },
  'private.scope': {
    kind: 'enum',
    values: ['any', 'shared_room'],
    default: 'any',
    live: true,
    doc: 'Whom private messages reach (PRT-17).',
  },
  'presence.linger_ms': {
    kind: 'duration_ms',
    default: 10_000,
    min: 0,
    max: 120_000,
    doc: 'How long somebody whose connection was lost, and not closed, stays a member (PRS-2).',
  },
  'presence.max_listed': {
    kind: 'integer',
    default: 500,
    min: 0,
    max: 500,
    doc: 'In channels with more members only their number is told (PRS-3).',
  },
  'resume.window_ms': {
    kind: 'duration_ms',
    default: 120_000,
    min: 0,
    max: 600_000,
    doc: 'How long after a loss a client may resume its session; the same at every Shield (PRT-7).',
  },
  'resume.key': {
    kind: 'secret',
    default: '',
    doc: 'Seals resume tokens: at least 32 bytes, the same at every Shield. Empty = derived from `log.id_key`.',
  },
  'resume.other_key': {
    kind: 'secret',
    default: '',
    doc: 'Tokens sealed with this key are taken as well, while a key is being replaced.',
  },
  'nats.url': {
    kind: 'list',
    default: [],
    doc: 'Servers of the Spine, nats://host:port or tls://host:port; empty = the whole bus in one process.',
  },
  'nats.user': { kind: 'string', default: '', doc: "The service's own NATS user (SPN-2)." },
  'nats.password': { kind: 'secret', default: '', doc: 'Its password.' },
  'nats.ca_file': { kind: 'string', default: '', doc: 'Certificates of the authority that NATS is checked against.' },
  'nats.replicas': {
    kind: 'integer',
    default: 1,
    min: 1,
    max: 5,
    doc: 'Copies of each key-value bucket that the Brain makes; 3 in a cluster of NATS servers.',
  },
  'nats.ping_interval_ms': {
    kind: 'duration_ms',
    default: 5_000,
    min: 100,
    max: 120_000,
    doc: 'A NATS server that leaves two pings of this interval unanswered is given up.',
  },
  'log.backend': {
    kind: 'enum',
    values: ['auto', 'memory', 'jetstream', 'valkey'],
    default: 'auto',
    doc: 'Where channels are kept: auto = JetStream with nats.url, else memory. valkey promises less: docs/cluster.md.',
  },
  'audit.max_bytes': {
    kind: 'integer',
    default: 268_435_456,
    min: 1_048_576,
    max: 1_099_511_627_776,
    doc: 'Bytes of the audit trail, reserved by NATS when a Brain makes it; a full one refuses what it should record (AUD-2).',
  },
  'work.max_bytes': {
    kind: 'integer',
    default: 134_217_728,
    min: 1_048_576,
    max: 1_099_511_627_776,
    doc: 'Bytes of each queue of work that is done beside, such as deliveries of webhooks, reserved by NATS when a Brain makes it.',
  },
  'log.memory_max_bytes': {
    kind: 'integer',
    default: 67_108_864,
    min: 1_048_576,
    max: 68_719_476_736,
    doc: 'Memory of the in-process log.',
  },
} as const;

/** The settings whose values are maps and lists of their own. */
interface StructuredSettings {
  readonly 'log.profiles': {
    readonly kind: 'log_profiles';
    readonly default: readonly LogProfile[];
    readonly live: true;
    readonly doc: string;
  };
  readonly 'log.rules': {
    readonly kind: 'log_rules';
    readonly default: readonly LogRule[];
    readonly live: true;
    readonly doc: string;
  };
  readonly 'bootstrap.rooms': { readonly kind: 'rooms'; readonly default: {}; readonly doc: string };
}

const structuredSettings: StructuredSettings = {
  'log.profiles': {
    kind: 'log_profiles',
    default: SHIPPED_PROFILES,
    live: true,
    doc: 'Log profiles by name: class, max_messages, max_age_ms, max_bytes; archive = true copies what they keep to the archive, as is always done for class durable (LOG-15).',
  },
  'log.rules': {
    kind: 'log_rules',
    default: SHIPPED_RULES,
    live: true,
    doc: 'Which channels get which profile; the first match decides.',
  },
  'bootstrap.rooms': { kind: 'rooms', default: {}, doc: 'Rooms and channels that every tenant has (CFG-3).' },
};

/** Every setting there is, by key (CFG-1): parsing, types, documentation and variable names come from here. */
export type Settings = typeof plainSettings &
  typeof bridgeSettings &
  typeof outboxSettings &
  typeof storageSettings &
  typeof jetStreamSettings &
  StructuredSettings &
  typeof casilSettings &
  typeof continuumSettings &
  typeof omegaSettings &
  typeof taskSettings &
  typeof webhookSettings &
  LimitSettings;

/** The table of {@link Settings}. */
export const settings: Settings = {
  ...plainSettings,
  ...bridgeSettings,
  ...outboxSettings,
  ...storageSettings,
  ...jetStreamSettings,
  ...structuredSettings,
  ...casilSettings,
  ...continuumSettings,
  ...omegaSettings,
  ...taskSettings,
  ...webhookSettings,
  ...limitSettings,
};

/** The key of a setting, such as `server.port`. */
export type SettingKey = keyof Settings;
