import { hasWildcard } from '../subjects/match-filter.ts';
import type { Subject } from '../subjects/subject.ts';

/** What the subject of every answer begins with, whatever a service's own prefix is. */
export const INBOX_ROOT = '_INBOX';

/** Where answers of Shields go, for who has this prefix: Shields may write there, and to no other inbox (SPN-2, decision 0064). */
export function edgeInboxPrefix(inboxPrefix: string): string {
  return `${INBOX_ROOT}_edge${inboxPrefix.slice(INBOX_ROOT.length)}`;
}

/**
 * Where an answer goes, as the asker named it; throws for all but inboxes. Else whoever may ask could have a server
 * publish wherever the server may (SPN-5).
 */
export function parseInbox(reply: string): Subject {
  const subject = reply as Subject;
  if (reply.startsWith(INBOX_ROOT) && !hasWildcard(subject)) return subject;
  throw new Error('a request whose answer should go elsewhere than to an inbox');
}
