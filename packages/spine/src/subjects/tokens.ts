import { isName, isUserId } from '@arqonbus/protocol';

/** Invalid parts are programmer errors: the border has checked them before (T-01..T-03). The text is never shown. */
function refuse(what: string): never {
  throw new Error(`not a valid ${what} for a subject`);
}

/** A name as a subject token: `.` is written `~`, which no name holds, so two names never share a token (SPN-1). */
export function nameToken(name: string, what: string): string {
  if (!isName(name)) refuse(what);
  return name.includes('.') ? name.replaceAll('.', '~') : name;
}

/** A channel as a subject token; the room's pseudo-channel `*` is the reserved token `_room` (PRT-16). */
export function channelToken(channel: string): string {
  return channel === '*' ? '_room' : nameToken(channel, 'channel');
}

/** Undoes {@link nameToken}. */
export function parseNameToken(token: string): string {
  return token.replaceAll('~', '.');
}

/** Undoes {@link channelToken}. */
export function parseChannelToken(token: string): string {
  return token === '_room' ? '*' : parseNameToken(token);
}

/** A name as a key token: `.` is written `=2E`, because key-value stores on NATS refuse `~` in keys. */
export function nameKeyToken(name: string, what: string): string {
  if (!isName(name)) refuse(what);
  return name.includes('.') ? name.replaceAll('.', '=2E') : name;
}

/** A user with every character outside `[A-Za-z0-9_-]` written `=XX` (SPN-7). */
export function userToken(user: string): string {
  if (!isUserId(user)) refuse('user');
  return user.replaceAll(/[^A-Za-z0-9_-]/g, (character) => {
    return `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

/** Undoes `=XX`. */
export function parseKeyToken(token: string): string {
  return token.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A word of ours, such as a module, method, topic or kind of event: `[a-z][a-z0-9_-]*`, at most 64 long. */
export function wordToken(word: string, what: string): string {
  if (!/^[a-z][a-z0-9_-]{0,63}$/.test(word)) refuse(what);
  return word;
}
