import { memberJson } from '../json/member-json.ts';
import { scanJson } from '../json/scan-json.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { parseTimeUs } from '../times.ts';
import { EPISODE_EVENT_TYPES, EPISODE_SCHEMA_VERSION, MAX_EPISODE_EVENT_BYTES } from './episode-event.ts';
import type { EpisodeEvent, EpisodeEventType, EpisodeRefusal, RefusedEpisode } from './episode-event.ts';
import { findForbiddenKey } from './find-forbidden-key.ts';
import { findPayloadFault } from './find-payload-fault.ts';

/** An event that may be projected, or why it may not. */
export type ParsedEpisode = { readonly kind: 'event'; readonly event: EpisodeEvent } | RefusedEpisode;

type Members = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder('utf-8', { fatal: true });
const MAX_ID_BYTES = 128;
const encoder = new TextEncoder();

const MEMBERS = new Set([
  'event_id',
  'event_type',
  'tenant_id',
  'agent_id',
  'episode_id',
  'source_ts',
  'schema_version',
  'payload',
]);

/**
 * What may not come in at all, whoever sends it: no JSON object, too large, of another tenant, or with a key that is
 * forbidden (CTM-1); undefined = it may. What else is wrong with an event, the projector finds.
 */
export function checkEpisodeBoundary(data: Uint8Array, tenant: string): RefusedEpisode | undefined {
  const read = membersOf(data, tenant);
  return read.kind === 'refused' ? read : undefined;
}

/** Reads an event of this tenant. */
export function parseEpisodeEvent(data: Uint8Array, tenant: string): ParsedEpisode {
  const read = membersOf(data, tenant);
  if (read.kind === 'refused') return read;
  const { members } = read;
  const fault = faultOf(members);
  if (fault !== undefined) return refused(fault.reason, fault.field, members);
  const eventType = members['event_type'] as EpisodeEventType;
  const payload = eventType === 'episode.deleted' ? undefined : memberJson(data, 'payload', DEFAULT_LIMITS);
  const event = {
    eventId: members['event_id'] as string,
    eventType,
    agentId: members['agent_id'] as string,
    episodeId: members['episode_id'] as string,
    sourceAtUs: parseTimeUs(members['source_ts'] as string) ?? 0,
    payload: payload === undefined ? '' : decoder.decode(payload),
  };
  return { kind: 'event', event };
}

type ReadMembers = { readonly kind: 'members'; readonly members: Members } | RefusedEpisode;

function membersOf(data: Uint8Array, tenant: string): ReadMembers {
  if (data.length > MAX_EPISODE_EVENT_BYTES) return refused('too_large');
  const problem = scanJson(data, 0, data.length, DEFAULT_LIMITS);
  if (problem !== undefined) return refused('malformed', problem.field);
  const value: unknown = JSON.parse(decoder.decode(data));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused('malformed');
  const members = value as Members;
  const key = findForbiddenKey(members);
  if (key !== undefined) return refused('forbidden_key', key, members);
  const { tenant_id: owner } = members;
  if (owner !== undefined && owner !== tenant) return refused('foreign_tenant', 'tenant_id', members);
  return { kind: 'members', members };
}

interface Fault {
  readonly reason: EpisodeRefusal;
  readonly field: string;
}

function faultOf(members: Members): Fault | undefined {
  const malformed = (field: string): Fault => ({ reason: 'malformed', field });
  if (!('schema_version' in members)) return malformed('schema_version');
  if (members['schema_version'] !== EPISODE_SCHEMA_VERSION) {
    return { reason: 'unsupported_version', field: 'schema_version' };
  }
  for (const name of ['event_id', 'agent_id', 'episode_id']) {
    if (!isId(members[name])) return malformed(name);
  }
  if (members['tenant_id'] === undefined) return malformed('tenant_id');
  if (!(EPISODE_EVENT_TYPES as readonly unknown[]).includes(members['event_type'])) return malformed('event_type');
  const at = members['source_ts'];
  if (typeof at !== 'string' || parseTimeUs(at) === undefined) return malformed('source_ts');
  const strange = Object.keys(members).find((name) => !MEMBERS.has(name));
  if (strange !== undefined) return malformed(strange);
  const field = findPayloadFault(members['payload'], members['event_type'] === 'episode.deleted');
  return field === undefined ? undefined : malformed(field);
}

function isId(value: unknown): boolean {
  if (typeof value !== 'string' || value === '') return false;
  return !/[\p{Cc}\p{Cs}]/u.test(value) && encoder.encode(value).length <= MAX_ID_BYTES;
}

function refused(reason: EpisodeRefusal, field = '', members: Members = {}): RefusedEpisode {
  const id = members['event_id'];
  return { kind: 'refused', reason, field, eventId: isId(id) ? (id as string) : '' };
}
