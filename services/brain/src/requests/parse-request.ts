import { BusError, SYSTEM_TENANT, isChannel, isName, isUserId } from '@arqonbus/protocol';
import type { ClientId, TenantId, UserId } from '@arqonbus/protocol';
import { isClientId } from '@arqonbus/spine';

function refuse(text: string): never {
  throw new BusError('VALIDATION_ERROR', text);
}

/** The tenant of a request; throws `VALIDATION_ERROR` for anything else, as all parsers here. */
export function parseTenant(text: string): TenantId {
  return isName(text) ? (text as TenantId) : refuse('The tenant is malformed.');
}

/** The tenant of a request that may be about the platform as well. */
export function parseTenantOrSystem(text: string): TenantId {
  return text === SYSTEM_TENANT ? SYSTEM_TENANT : parseTenant(text);
}

/** What ties a request to its trace: the id of a trace or of a message; empty = nothing does. */
export function parseTraceId(text: string): string {
  return /^[A-Za-z0-9_-]{0,84}$/.test(text) ? text : refuse('The trace id is malformed.');
}

/** The name of a room. */
export function parseRoom(text: string): string {
  return isName(text) ? text : refuse('The room is malformed.');
}

/** The name of a channel; the pseudo-channel `*` is none. */
export function parseChannel(text: string): string {
  return isName(text) ? text : refuse('The channel is malformed.');
}

/** The name of a channel, or `*` for all of the room; empty means the same. */
export function parseChannelOrRoom(text: string): string {
  if (text === '') return '*';
  return isChannel(text) ? text : refuse('The channel is malformed.');
}

/** A user (SPN-7). */
export function parseUser(text: string): UserId {
  return isUserId(text) ? text : refuse('The user is malformed.');
}

/** The id of a client. */
export function parseClient(text: string): ClientId {
  return isClientId(text) ? text : refuse('The client is malformed.');
}

/** Free text of at most this many characters. */
export function parseText(text: string, maxLength: number, what: string): string {
  return text.length <= maxLength ? text : refuse(`The ${what} is too long.`);
}

/** Who asks, as the audit trail names a person. */
export function parseRequester(user: string): string {
  return `user:${parseUser(user)}`;
}
