import type { MessageId, UserId } from './brands.ts';

/** Longest name of a room, channel, tenant, client or command. */
export const MAX_NAME_LENGTH = 64;

const LETTER_OR_DIGIT = 1;
const NAME_MARK = 2;
const ID_MARK = 4;

/** What each ASCII code may be part of; names and ids are told by one lookup per character. */
const classes: Uint8Array = createClasses();

function createClasses(): Uint8Array {
  const table = new Uint8Array(128);
  for (let code = 0; code < 128; code++) {
    const character = String.fromCharCode(code);
    if (/[A-Za-z0-9]/.test(character)) table[code] = LETTER_OR_DIGIT;
  }
  table[0x2e] = NAME_MARK;
  table[0x2d] = NAME_MARK | ID_MARK;
  table[0x5f] = NAME_MARK | ID_MARK;
  return table;
}

function isAllOf(text: string, start: number, mask: number): boolean {
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127 || ((classes[code] as number) & mask) === 0) return false;
  }
  return true;
}

/** True for `[A-Za-z0-9][A-Za-z0-9_.-]{0,63}`: the grammar of rooms, channels and tenants. */
export function isName(text: string): boolean {
  if (text.length === 0 || text.length > MAX_NAME_LENGTH) return false;
  const first = text.charCodeAt(0);
  return first < 128 && classes[first] === LETTER_OR_DIGIT && isAllOf(text, 1, LETTER_OR_DIGIT | NAME_MARK);
}

/** True for `arq_` and 6 to 80 of `[A-Za-z0-9_-]`. */
export function isMessageId(text: string): text is MessageId {
  if (text.length < 10 || text.length > 84 || !text.startsWith('arq_')) return false;
  return isAllOf(text, 4, LETTER_OR_DIGIT | ID_MARK);
}

/** True for 1 to 255 printable ASCII bytes (SPN-7). */
export function isUserId(text: string): text is UserId {
  return text.length > 0 && text.length <= 255 && isPrintable(text);
}

/** True when every character is printable ASCII (0x20 to 0x7e); also for the empty text. */
export function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/** True for what a private message may be addressed to: a client id, or `user:<user>` (PRT-17). */
export function isPrivateTarget(text: string): boolean {
  return text.startsWith('user:') ? isUserId(text.slice(5)) : isName(text);
}

/** A channel of a room; `*` is the room's own pseudo-channel. */
export interface Target {
  readonly room: string;
  readonly channel: string;
}

/**
 * The channel that is meant by these two fields, or undefined when they name none. `room` may hold `room:channel`;
 * `channel` may then be empty or say the same. `channel` may be `*`.
 */
export function parseTarget(room: string, channel: string): Target | undefined {
  const colon = room.indexOf(':');
  if (colon < 0) return isName(room) && isChannel(channel) ? { room, channel } : undefined;
  const ownChannel = room.slice(colon + 1);
  if (channel !== '' && channel !== ownChannel) return undefined;
  const ownRoom = room.slice(0, colon);
  return isName(ownRoom) && isChannel(ownChannel) ? { room: ownRoom, channel: ownChannel } : undefined;
}

/** True for a channel's name or `*`. */
export function isChannel(text: string): boolean {
  return text === '*' || isName(text);
}

/** A name that means nothing to JavaScript; `__proto__` is no name at all. */
export function isSafeKey(name: string): boolean {
  return isName(name) && name !== 'constructor' && name !== 'prototype';
}
