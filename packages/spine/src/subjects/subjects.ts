import { SYSTEM_TENANT, isName, isUserId } from '@arqonbus/protocol';
import type { ClientId, TenantId } from '@arqonbus/protocol';
import type { Subject, SubjectFilter } from './subject.ts';
import { partitionToken } from './partitions.ts';
import { stableHash } from './stable-hash.ts';
import type { ChannelAddress } from '../log/channel-log.ts';
import { channelToken, nameToken, parseChannelToken, parseNameToken, wordToken } from './tokens.ts';

/** How many subjects the users of one tenant share. */
export const USER_BUCKETS = 256;

/** Deliveries of a channel, `arqon.out.<tenant>.<room>.<channel>`; `*` is the room's own pseudo-channel (PRT-16). */
export function channelOut(tenant: TenantId, room: string, channel: string): Subject {
  return outOf(tenant, `${nameToken(room, 'room')}.${channelToken(channel)}`);
}

/** Where the log keeps a tenant's channels: the shard that it shares with others, or, by its name, one of its own. */
export type LogShard = number | TenantId;

/** The stream that keeps the channels of a profile and a shard: `LOG_<profile>_<shard>` (LOG-2). */
export function logStream(profile: string, shard: LogShard): string {
  // Names of profiles and tenants may hold dots, those of streams may not.
  return `LOG_${nameToken(profile, 'profile')}_${shardToken(shard)}`;
}

/**
 * Publications of a logged channel on their way into the log, `arqon.in.<profile>.<shard>.<tenant>.<room>.<channel>`:
 * profile and shard first, because no two streams may share a subject.
 */
export function channelIn(profile: string, shard: LogShard, tenant: TenantId, room: string, channel: string): Subject {
  const place = `${nameToken(tenant, 'tenant')}.${nameToken(room, 'room')}.${channelToken(channel)}`;
  return `${logRoot(profile, shard)}.${place}` as Subject;
}

/** The publications of all logged channels of a room that have this profile; the pseudo-channel's too. */
export function roomIn(profile: string, shard: LogShard, tenant: TenantId, room: string): SubjectFilter {
  return `${logRoot(profile, shard)}.${nameToken(tenant, 'tenant')}.${nameToken(room, 'room')}.*` as SubjectFilter;
}

/** The publications of a tenant that have this profile: of all rooms and channels, or of these. */
export function tenantIn(
  profile: string,
  shard: LogShard,
  tenant: TenantId,
  { room, channel }: { readonly room?: string | undefined; readonly channel?: string | undefined },
): SubjectFilter {
  const roomPart = room === undefined ? '*' : nameToken(room, 'room');
  const channelPart = channel === undefined ? '*' : channelToken(channel);
  return `${logRoot(profile, shard)}.${nameToken(tenant, 'tenant')}.${roomPart}.${channelPart}` as SubjectFilter;
}

/** The channel of a subject of {@link channelIn} or {@link channelOut}. */
export function channelOf(subject: string): string {
  return parseChannelToken(subject.slice(subject.lastIndexOf('.') + 1));
}

/** The channel that a subject of {@link channelIn} or {@link channelOut} is of; undefined for one that is of none. */
export function addressOf(subject: string): ChannelAddress | undefined {
  const [tenant, room, channel] = subject.split('.').slice(-3);
  if (!tenant || !room || !channel) return undefined;
  return {
    tenant: parseNameToken(tenant) as TenantId,
    room: parseNameToken(room),
    channel: parseChannelToken(channel),
  };
}

/** All publications of one shard of a profile: what its stream stores. */
export function shardIn(profile: string, shard: LogShard): SubjectFilter {
  return `${logRoot(profile, shard)}.>` as SubjectFilter;
}

/** The shard of a tenant among so many. */
export function tenantShard(tenant: TenantId, shards: number): number {
  return stableHash(tenant) % shards;
}

/**
 * Messages to one client, `arqon.out.<tenant>._client.<home>.<client>`: publish for a private message, request where
 * an answer is wanted (SPN-8). Throws for an id that {@link isClientId} refuses.
 */
export function clientOut(tenant: TenantId, client: ClientId): Subject {
  const home = homeOf(client);
  return outOf(tenant, `_client.${nameToken(home, 'client')}.${nameToken(client, 'client')}`);
}

/** Messages to every client that was born at this node, in any tenant. */
export function clientsOf(node: string): SubjectFilter {
  if (node.includes('_')) throw new Error('a node id holds no underscore: it ends at the first one of a client id');
  return `arqon.out.*._client.${nameToken(node, 'node')}.>` as SubjectFilter;
}

/** What a Brain has to say to one client about tasks, `arqon.out.<tenant>._task.<home>.<client>`: a Brain may say nothing else to clients. */
export function taskOut(tenant: TenantId, client: ClientId): Subject {
  return outOf(tenant, `_task.${nameToken(homeOf(client), 'client')}.${nameToken(client, 'client')}`);
}

/** The same, to every client that was born at this node, in any tenant. */
export function tasksOf(node: string): SubjectFilter {
  return `arqon.out.*._task.${nameToken(node, 'node')}.>` as SubjectFilter;
}

/** The node where a client was born, which its id names. */
export function homeOf(client: ClientId): string {
  return client.slice(0, Math.max(0, client.indexOf('_')));
}

/** Requests to one Shield about a client of the tenant, `arqon.out.<tenant>._shield.<node>`. */
export function shieldOut(tenant: TenantId, node: string): Subject {
  return outOf(tenant, `_shield.${nameToken(node, 'node')}`);
}

/** What is asked of this Shield, in any tenant. */
export function requestsToShield(node: string): SubjectFilter {
  return `arqon.out.*._shield.${nameToken(node, 'node')}` as SubjectFilter;
}

/** True for the shape of a client id: a name whose part before the first `_`, the node of its birth, is not empty. */
export function isClientId(text: string): text is ClientId {
  return isName(text) && text.indexOf('_') > 0;
}

/** Messages to all connections of a user: one of {@link USER_BUCKETS} subjects of the tenant, filtered by receivers. */
export function userOut(tenant: TenantId, user: string): Subject {
  return outOf(tenant, `_user.${userBucket(user)}`);
}

/** The bucket of a user, 0 to {@link USER_BUCKETS} - 1: FNV-1a over its bytes, the same on every node for ever. */
export function userBucket(user: string): number {
  if (!isUserId(user)) throw new Error('not a valid user for a subject');
  return stableHash(user) % USER_BUCKETS;
}

/** Messages to every connection of a tenant. */
export function tenantOut(tenant: TenantId): Subject {
  return outOf(tenant, '_tenant');
}

/** Copies of what went out on a subject, `shadow.<subject>` (MIR-1). */
export function shadowOf(subject: Subject): Subject {
  return `shadow.${subject}` as Subject;
}

/** The copies of all tenants. */
export const ALL_SHADOWS: SubjectFilter = 'shadow.arqon.out.>' as SubjectFilter;

/** Who came and went in a channel, `arqon.presence.<tenant>.<room>.<channel>`: what the Brain alone may tell. */
export function presenceOf(tenant: TenantId, room: string, channel: string): Subject {
  return `arqon.presence.${nameToken(tenant, 'tenant')}.${nameToken(room, 'room')}.${channelToken(channel)}` as Subject;
}

/** What changed in the tenant's store, `arqon.store.<tenant>`: what the Brain alone may tell. */
export function storeOf(tenant: TenantId): Subject {
  return `arqon.store.${nameToken(tenant, 'tenant')}` as Subject;
}

/** Requests to a method of a Brain module, `arqon.rpc.<module>.<method>[.<partition>]`. */
export function rpc(module: string, method: string, partition?: number): Subject {
  const subject = `arqon.rpc.${wordToken(module, 'module')}.${wordToken(method, 'method')}`;
  return (partition === undefined ? subject : `${subject}.${partitionToken(partition)}`) as Subject;
}

/** True for what Shields answer: what is asked of the edge (ARC-15), of one Shield, and of who holds a client. */
export function isForShields(subject: Subject): boolean {
  return subject.startsWith('arqon.out.') || subject.startsWith('arqon.rpc.edge.');
}

/** Hints that something changed (SPN-6), and orders to every Shield. */
export function ctl(topic: string): Subject {
  return `arqon.ctl.${wordToken(topic, 'topic')}` as Subject;
}

/** Activity and telemetry events of a tenant. */
export function evt(tenant: TenantId, kind: string): Subject {
  return `arqon.evt.${nameToken(tenant, 'tenant')}.${wordToken(kind, 'kind')}` as Subject;
}

/** Audit records of a tenant, or of the platform, on their way into the trail (AUD-1). */
export function auditOf(tenant: TenantId): Subject {
  return `arqon.audit.${tenant === SYSTEM_TENANT ? tenant : nameToken(tenant, 'tenant')}` as Subject;
}

/** Audit records of all tenants: what the trail's stream stores. */
export const ALL_AUDIT: SubjectFilter = 'arqon.audit.>' as SubjectFilter;

/** Work of a kind for one partition of a tenant's, `arqon.work.<kind>.<tenant>.<partition>`. */
export function workOf(kind: string, tenant: TenantId, partition: number): Subject {
  return `arqon.work.${wordToken(kind, 'kind')}.${nameToken(tenant, 'tenant')}.${partitionToken(partition)}` as Subject;
}

/** The work of a kind for one partition, of all tenants. */
export function workIn(kind: string, partition: number): SubjectFilter {
  return `arqon.work.${wordToken(kind, 'kind')}.*.${partitionToken(partition)}` as SubjectFilter;
}

/** All work of a kind: what its stream stores. */
export function allWork(kind: string): SubjectFilter {
  return `arqon.work.${wordToken(kind, 'kind')}.>` as SubjectFilter;
}

/** The tenant of a subject of {@link workOf}; undefined for one that it did not make. */
export function tenantOfWork(subject: string): TenantId | undefined {
  const tenant = subject.split('.')[3];
  return tenant ? (parseNameToken(tenant) as TenantId) : undefined;
}

/** Events of a tenant's episodes on their way to the projector, `arqon.continuum.episode.v1.<tenant>` (CTM-1). */
export function episodesOf(tenant: TenantId): Subject {
  return `arqon.continuum.episode.v1.${nameToken(tenant, 'tenant')}` as Subject;
}

/** Those of all tenants: what the projector takes. */
export const ALL_EPISODES: SubjectFilter = 'arqon.continuum.episode.v1.*' as SubjectFilter;

/** What is told of a tenant's events that could not be projected, `arqon.continuum.episode.dlq.v1.<tenant>` (CTM-3). */
export function deadEpisodesOf(tenant: TenantId): Subject {
  return `arqon.continuum.episode.dlq.v1.${nameToken(tenant, 'tenant')}` as Subject;
}

/** The same of all tenants. */
export const ALL_DEAD_EPISODES: SubjectFilter = 'arqon.continuum.episode.dlq.v1.*' as SubjectFilter;

/** The tenant of a subject of {@link episodesOf}; undefined for one that it did not make. */
export function tenantOfEpisodes(subject: string): TenantId | undefined {
  const tenant = subject.split('.')[4];
  return tenant ? (parseNameToken(tenant) as TenantId) : undefined;
}

function logRoot(profile: string, shard: LogShard): string {
  return `arqon.in.${nameToken(profile, 'profile')}.${shardToken(shard)}`;
}

/** No name holds `=`, and no number does. */
function shardToken(shard: LogShard): string {
  if (typeof shard === 'string') return `=${nameToken(shard, 'tenant')}`;
  if (!Number.isInteger(shard) || shard < 0) throw new Error('not a shard');
  return String(shard);
}

function outOf(tenant: TenantId, rest: string): Subject {
  return `arqon.out.${nameToken(tenant, 'tenant')}.${rest}` as Subject;
}
