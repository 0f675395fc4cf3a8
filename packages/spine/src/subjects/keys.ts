import { SYSTEM_TENANT } from '@arqonbus/protocol';
import type { ClientId, TenantId, UserId } from '@arqonbus/protocol';
import type { ChannelAddress } from '../log/channel-log.ts';
import { nameKeyToken, parseKeyToken, userToken, wordToken } from './tokens.ts';

/** Key of a channel's record in `ARQON_CHANNELS`, `<tenant>.<room>.<channel>`. The pseudo-channel `*` has none. */
export function channelKey(tenant: TenantId, room: string, channel: string): string {
  return roomPrefix(tenant, room) + nameKeyToken(channel, 'channel');
}

/** In place of a channel; no name begins so. */
const ROOM_TOKEN = '_room';

/** Key of a room's own record in `ARQON_CHANNELS`, `<tenant>.<room>._room`. */
export function roomKey(tenant: TenantId, room: string): string {
  return roomPrefix(tenant, room) + ROOM_TOKEN;
}

/** What the keys of all channels of a room begin with. */
export function roomPrefix(tenant: TenantId, room: string): string {
  return `${tenantPrefix(tenant)}${nameKeyToken(room, 'room')}.`;
}

/** What all keys of a tenant begin with, in every bucket. */
export function tenantPrefix(tenant: TenantId): string {
  return `${nameKeyToken(tenant, 'tenant')}.`;
}

/** Key of a user's ban in `ARQON_BANS`, `<tenant>.<user>`. */
export function banKey(tenant: TenantId, user: string): string {
  return tenantPrefix(tenant) + userToken(user);
}

/** Key of the record of a client that was resumed, in `ARQON_RESUMES`: `<tenant>.<client>`. */
export function resumeKey(tenant: TenantId, client: ClientId): string {
  return tenantPrefix(tenant) + nameKeyToken(client, 'client');
}

/** In place of a tenant; no name begins so. */
const SHIELD_TOKEN = '_shield';

/** Key of the record of a Shield that is silent, in `ARQON_RESUMES`: `_shield.<node>`. */
export function silentShieldKey(node: string): string {
  return `${SHIELD_TOKEN}.${nameKeyToken(node, 'node')}`;
}

/** Key of a subject's grants in `ARQON_GRANTS`, `<tenant>.<kind>.<name>`; the subject is `<kind>:<name>`. */
export function grantKey(tenant: TenantId, subject: string): string {
  const colon = subject.indexOf(':');
  return `${tenantPrefix(tenant)}${wordToken(subject.slice(0, colon), 'kind')}.${userToken(subject.slice(colon + 1))}`;
}

/** Key of a Brain's lease in `ARQON_BRAINS`. */
export function brainKey(id: string): string {
  return nameKeyToken(id, 'brain');
}

/** Key of a setting's record in `ARQON_SETTINGS`, `<section>.<name>`: the setting's own key. */
export function settingKey(key: string): string {
  const [section = '', name = ''] = key.split('.');
  return `${wordToken(section, 'section')}.${wordToken(name, 'setting')}`;
}

/** Key of the end of a tenant's audit chain, or of the platform's, in `ARQON_AUDIT`. */
export function auditKey(tenant: TenantId): string {
  return tenant === SYSTEM_TENANT ? tenant : nameKeyToken(tenant, 'tenant');
}

/** Undoes {@link auditKey}. */
export function parseAuditKey(key: string): TenantId {
  return parseKeyToken(key) as TenantId;
}

/** Key of what a tenant has changed of CASIL in `ARQON_CASIL`, `<tenant>`. */
export function casilKey(tenant: TenantId): string {
  return nameKeyToken(tenant, 'tenant');
}

/** Undoes {@link casilKey}. */
export function parseCasilKey(key: string): TenantId {
  return parseKeyToken(key) as TenantId;
}

/** Key of a rule of mirroring in `ARQON_MIRRORS`, `<tenant>.<rule>`. */
export function mirrorKey(tenant: TenantId, ruleId: string): string {
  return tenantPrefix(tenant) + nameKeyToken(ruleId, 'rule');
}

/** Undoes {@link mirrorKey}; undefined for a key that it did not make. */
export function parseMirrorKey(key: string): { readonly tenant: TenantId; readonly ruleId: string } | undefined {
  const [tenant, rule, ...rest] = key.split('.');
  if (!tenant || !rule || rest.length > 0) return undefined;
  return { tenant: parseKeyToken(tenant) as TenantId, ruleId: parseKeyToken(rule) };
}

/** Key of a key of a server in `ARQON_KEYS`, `<tenant>.<id>`. */
export function apiKeyKey(tenant: TenantId, keyId: string): string {
  return tenantPrefix(tenant) + nameKeyToken(keyId, 'key');
}

/** Undoes {@link apiKeyKey}; undefined for a key that it did not make. */
export function parseApiKeyKey(key: string): { readonly tenant: TenantId; readonly keyId: string } | undefined {
  const [tenant, keyId, ...rest] = key.split('.');
  if (!tenant || !keyId || rest.length > 0) return undefined;
  return { tenant: parseKeyToken(tenant) as TenantId, keyId: parseKeyToken(keyId) };
}

/** Key of a webhook in `ARQON_WEBHOOKS`, `<tenant>.<webhook>`. */
export function webhookKey(tenant: TenantId, webhookId: string): string {
  return tenantPrefix(tenant) + nameKeyToken(webhookId, 'webhook');
}

/** Undoes {@link webhookKey}; undefined for a key that it did not make. */
export function parseWebhookKey(key: string): { readonly tenant: TenantId; readonly webhookId: string } | undefined {
  const [tenant, webhook, ...rest] = key.split('.');
  if (!tenant || !webhook || rest.length > 0) return undefined;
  return { tenant: parseKeyToken(tenant) as TenantId, webhookId: parseKeyToken(webhook) };
}

/** Where the schemas of a tenant, or of the space that all tenants read, lie in `ARQON_SCHEMAS`: `<tenant>.schema.`. */
export function schemaPrefix(tenant: TenantId): string {
  return `${auditKey(tenant)}.schema.`;
}

/** Key of a schema in `ARQON_SCHEMAS`, `<tenant>.schema.<id>`. */
export function schemaKey(tenant: TenantId, schemaId: string): string {
  return schemaPrefix(tenant) + nameKeyToken(schemaId, 'schema');
}

/** Key of all bindings of a tenant in `ARQON_SCHEMAS`, `<tenant>.bindings`. */
export function schemaBindingsKey(tenant: TenantId): string {
  return `${tenantPrefix(tenant)}bindings`;
}

/** Undoes {@link schemaKey} (an id) and {@link schemaBindingsKey} (none); undefined for a key that neither made. */
export function parseSchemaKey(key: string): { readonly tenant: TenantId; readonly schemaId?: string } | undefined {
  const [tenant, kind, id, ...rest] = key.split('.');
  if (!tenant || rest.length > 0) return undefined;
  const owner = { tenant: parseKeyToken(tenant) as TenantId };
  if (kind === 'bindings' && id === undefined) return owner;
  return kind === 'schema' && id ? { ...owner, schemaId: parseKeyToken(id) } : undefined;
}

/** What the keys of the policies of tenants begin with in `ARQON_POLICIES`: what Shields watch. */
export const POLICY_CHAINS_PREFIX = 'chain.';

/** Key of the policies of a tenant in `ARQON_POLICIES`, `chain.<tenant>`. */
export function policyChainKey(tenant: TenantId): string {
  return POLICY_CHAINS_PREFIX + nameKeyToken(tenant, 'tenant');
}

/** Undoes {@link policyChainKey}. */
export function parsePolicyChainKey(key: string): TenantId {
  return parseKeyToken(key.slice(POLICY_CHAINS_PREFIX.length)) as TenantId;
}

/** Key of the binary of a policy in `ARQON_POLICIES`, `module.<tenant>.<digest>`. */
export function policyModuleKey(tenant: TenantId, digest: string): string {
  return `module.${tenantPrefix(tenant)}${nameKeyToken(digest, 'digest')}`;
}

/** Key of the log's layouts in `ARQON_LOG`. */
export const LOG_LAYOUTS_KEY = 'layouts';

/** What the keys of the log's streams begin with in `ARQON_LOG`. */
export const LOG_STREAMS_PREFIX = 'streams.';

/** Key of a stream's record in `ARQON_LOG`; what keys may not hold, and `=` itself, is written `=XX`. */
export function logStreamKey(stream: string): string {
  return LOG_STREAMS_PREFIX + stream.replaceAll('=', '=3D').replaceAll('~', '=7E');
}

/** Undoes {@link logStreamKey}. */
export function parseLogStreamKey(key: string): string {
  return parseKeyToken(key.slice(LOG_STREAMS_PREFIX.length));
}

/** What the keys of erasures begin with in `ARQON_LOG`. */
export const ERASURES_PREFIX = 'erasures.';

/** Key of a tenant's erasures in `ARQON_LOG`, `erasures.<tenant>`. */
export function erasuresKey(tenant: TenantId): string {
  return ERASURES_PREFIX + nameKeyToken(tenant, 'tenant');
}

/** Undoes {@link erasuresKey}. */
export function parseErasuresKey(key: string): TenantId {
  return parseKeyToken(key.slice(ERASURES_PREFIX.length)) as TenantId;
}

/** Undoes {@link channelKey} and {@link roomKey}, whose channel is `*`; undefined for a key that they did not make. */
export function parseChannelKey(key: string): ChannelAddress | undefined {
  const [tenant, room, channel, ...rest] = key.split('.');
  if (!tenant || !room || !channel || rest.length > 0) return undefined;
  const name = channel === ROOM_TOKEN ? '*' : parseKeyToken(channel);
  return { tenant: parseKeyToken(tenant) as TenantId, room: parseKeyToken(room), channel: name };
}

/** Undoes {@link grantKey}; undefined for a key that it did not make. */
export function parseGrantKey(key: string): { readonly tenant: TenantId; readonly subject: string } | undefined {
  const [tenant, kind, name, ...rest] = key.split('.');
  if (!tenant || !kind || !name || rest.length > 0) return undefined;
  return { tenant: parseKeyToken(tenant) as TenantId, subject: `${kind}:${parseKeyToken(name)}` };
}

/** Undoes {@link banKey}; undefined for a key that it did not make. */
export function parseBanKey(key: string): { readonly tenant: TenantId; readonly user: UserId } | undefined {
  const [tenant, user, ...rest] = key.split('.');
  if (!tenant || !user || rest.length > 0) return undefined;
  return { tenant: parseKeyToken(tenant) as TenantId, user: parseKeyToken(user) as UserId };
}
