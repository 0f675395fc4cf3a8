import { hasWildcard } from '../subjects/match-filter.ts';
import type { Subject } from '../subjects/subject.ts';

/** What the subject of every answer begins with, whatever a service's own prefix is. */
export const INBOX_ROOT = '_INBOX';

/**
 * Where an answer goes, as the asker named it; throws for all but inboxes. Else whoever may ask could have a server
 * publish wherever the server may (SPN-5).
 */
export function parseInbox(reply: string): Subject {
  const subject = reply as Subject;
  if (reply.startsWith(INBOX_ROOT) && !hasWildcard(subject)) return subject;
  throw new Error('a request whose answer should go elsewhere than to an inbox');
}
