import { createHmac } from 'node:crypto';
import type { Append } from '../channel-log.ts';

/**
 * The id under which a stream knows a publication: an HMAC over (tenant, room, channel, user, id), never the client's id
 * itself (LOG-5). Streams are shared, so whoever could name an id could make another's message pass for a duplicate.
 */
export function messageIdOf({ address, user, id }: Append, key: Uint8Array): string {
  const { tenant, room, channel } = address;
  // Lengths before the parts: no two lists of parts are the same text.
  const parts = [tenant, room, channel, user, id].map((part) => `${part.length}:${part}`);
  return createHmac('sha256', key).update(parts.join('')).digest('base64url');
}
