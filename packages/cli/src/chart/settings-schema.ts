import { settings } from '@arqonbus/config';
import type { Setting, SettingKey } from '@arqonbus/config';

type Schema = Readonly<Record<string, unknown>>;

/** Settings that the chart sets itself: where services listen, and where the files lie that it puts into pods. */
const OF_THE_CHART: ReadonlySet<string> = new Set<SettingKey>([
  'server.host',
  'server.port',
  'server.tls_cert_file',
  'server.tls_key_file',
  'http.host',
  'http.port',
  'telemetry.port',
  'bridge.host',
  'bridge.port',
  'bridge.grpc_port',
  'nats.user',
  'nats.ca_file',
  'valkey.ca_file',
  'storage.backend',
  'outbox.file',
  // There is no volume that it could be in.
  'auth.jwks_file',
  // Nobody but this machine would reach it.
  'auth.mode',
]);

/** The settings that are a choice in the chart's values, by section and name, each with its bounds (DPL-2). */
export function settingsSchema(): Schema {
  const sections = new Map<string, Record<string, Schema>>();
  for (const [key, setting] of Object.entries(settings) as [string, Setting][]) {
    if (setting.kind === 'secret' || OF_THE_CHART.has(key)) continue;
    const [section = '', name = ''] = key.split('.');
    const members = sections.get(section) ?? {};
    sections.set(section, { ...members, [name]: schemaOf(setting) });
  }
  return strictObject(Object.fromEntries([...sections].map(([section, members]) => [section, strictObject(members)])));
}

/** The secrets that the chart's values may point to; each service has a password of its own at NATS. */
export function secretsSchema(): Schema {
  const secrets = (Object.entries(settings) as [string, Setting][]).filter(([, { kind }]) => kind === 'secret');
  const names = secrets.flatMap(([key]) =>
    key === 'nats.password' ? ['shield', 'brain', 'bridge'].map((service) => `${key}.${service}`) : [key],
  );
  // Helm itself takes a null away, but not from values that are reused.
  const source: Schema = { anyOf: [{ $ref: '#/$defs/secretKey' }, { type: 'null' }] };
  return strictObject(Object.fromEntries(names.map((name) => [name, source])));
}

function strictObject(properties: Schema): Schema {
  return { type: 'object', additionalProperties: false, properties };
}

function schemaOf(setting: Setting): Schema {
  switch (setting.kind) {
    case 'string':
    case 'secret':
      return { type: 'string' };
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
    case 'duration_ms':
      return { type: 'integer', minimum: setting.min, maximum: setting.max };
    case 'enum':
      return { enum: setting.values };
    case 'list':
      return { type: 'array', items: setting.values === undefined ? { type: 'string' } : { enum: setting.values } };
    case 'log_rules':
      return { type: 'array', items: { type: 'object' } };
    case 'log_profiles':
    case 'actions':
    case 'rooms':
      return { type: 'object' };
  }
}
