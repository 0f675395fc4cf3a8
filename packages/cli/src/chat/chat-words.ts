import type { BusError, ConnectionState } from '@arqonbus/sdk';

/** What the page says when it was opened without its settings. */
export const NO_SETTINGS = 'This page needs an address and a token. Open the chat link that "arqon dev" printed.';

/** The state of the connection in a word or two. */
export function stateWords(state: ConnectionState): string {
  switch (state.kind) {
    case 'idle':
      return 'Starting';
    case 'connecting':
      return state.failures === 0 ? 'Connecting' : 'Reconnecting';
    case 'connected':
      return 'Connected';
    case 'waiting':
      return 'Reconnecting';
    case 'closed':
      return 'Not connected';
  }
}

/** What went wrong, and what the reader may do about it. */
export function errorWords(error: BusError): string {
  switch (error.code) {
    case 'AUTHENTICATION_FAILED':
      return 'The server did not accept your token. Open the chat link that "arqon dev" printed last.';
    case 'TOKEN_EXPIRED':
      return 'Your token has expired. Open the chat link that "arqon dev" printed last, or start it again.';
    case 'AUTHORIZATION_ERROR':
      return 'You are not allowed to do this here.';
    case 'BANNED':
      return 'You have been banned from this server.';
    case 'RATE_LIMITED':
    case 'QUOTA_EXCEEDED':
      return 'Too many messages at once. Wait a moment and try again.';
    case 'PAYLOAD_TOO_LARGE':
      return 'The message is too long.';
    case 'UNAVAILABLE':
      return 'The server cannot be reached. Is "arqon dev" running?';
    case 'TIMEOUT':
      return 'No answer came. The message may or may not have arrived.';
    default:
      return error.message;
  }
}

/** What is said while the connection is being made again; empty in every other state. */
export function waitingWords(state: ConnectionState, wasConnected: boolean): string {
  const what = wasConnected ? 'The connection was lost. Unsent messages wait.' : 'The server cannot be reached.';
  if (state.kind === 'connecting' && state.failures > 0) return `${what} Trying again now.`;
  if (state.kind !== 'waiting') return '';
  const seconds = Math.max(1, Math.round(state.delayMs / 1_000));
  return `${what} Trying again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;
}

/** A line of chat, as a payload holds it. */
export interface ChatLine {
  readonly name: string;
  readonly text: string;
  /** The payload was no chat message; `text` shows its JSON. */
  readonly isRaw: boolean;
}

const MAX_SHOWN = 4_000;

/** Reads any payload that may come through the channel; what is no chat message is shown as it is. */
export function parseChatLine(payload: unknown, sender: string): ChatLine {
  const { name, text } = typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
  const shownName = typeof name === 'string' && name.trim() !== '' ? name.slice(0, 64) : sender;
  if (typeof text === 'string') return { name: shownName, text: text.slice(0, MAX_SHOWN), isRaw: false };
  if (typeof payload === 'string') return { name: shownName, text: payload.slice(0, MAX_SHOWN), isRaw: false };
  if (payload instanceof Uint8Array) return { name: shownName, text: `${payload.length} bytes`, isRaw: true };
  return { name: shownName, text: (JSON.stringify(payload) ?? '').slice(0, MAX_SHOWN), isRaw: true };
}
