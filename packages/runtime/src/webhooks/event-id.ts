import { createHash } from 'node:crypto';

const ID_LENGTH = 27;

/** The id of an event that webhooks are told of: the same wherever it is made from the same parts, and told once by that (WHK-2). */
export function webhookEventId(...parts: readonly string[]): string {
  const digest = createHash('sha256').update(parts.join('\n')).digest('base64url');
  return `evt_${digest.slice(0, ID_LENGTH)}`;
}
