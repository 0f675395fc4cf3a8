import { BusError, errorTable } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';
import type { ConnectionState } from '@arqonbus/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorWords, parseChatLine, stateWords, waitingWords } from './chat-words.ts';

const LOST = new BusError('UNAVAILABLE');

describe('words', () => {
  it('has some for every error', () => {
    for (const code of Object.keys(errorTable) as ErrorCode[])
      expect(errorWords(new BusError(code))).toMatch(/^[A-Z].+[.?]$/);
  });

  it('tells a bad token from a server that is away', () => {
    expect(errorWords(new BusError('AUTHENTICATION_FAILED'))).toContain('did not accept your token');
    expect(errorWords(LOST)).toContain('cannot be reached');
  });

  it('tells when the next try comes, and whether there had been a connection', () => {
    const waiting = (delayMs: number): ConnectionState => ({ kind: 'waiting', failures: 2, delayMs, error: LOST });
    expect(waitingWords(waiting(90), true)).toBe(
      'The connection was lost. Unsent messages wait. Trying again in 1 second.',
    );
    expect(waitingWords(waiting(4_200), false)).toBe('The server cannot be reached. Trying again in 4 seconds.');
    expect(waitingWords({ kind: 'connecting', failures: 2 }, false)).toContain('Trying again now');
    expect(waitingWords({ kind: 'connecting', failures: 0 }, false)).toBe('');
  });

  it('tells a first try from a later one', () => {
    expect(stateWords({ kind: 'connecting', failures: 0 })).toBe('Connecting');
    expect(stateWords({ kind: 'connecting', failures: 2 })).toBe('Reconnecting');
  });
});

describe('a line of chat', () => {
  it('is the text and the name of the payload', () => {
    const line = parseChatLine({ name: 'Grace', text: '<b>Ünïcode 🚀</b>' }, 'shield-1_a');
    expect(line).toEqual({ name: 'Grace', text: '<b>Ünïcode 🚀</b>', isRaw: false });
  });

  it('shows what is no chat message as it is, under the name of the sender', () => {
    expect(parseChatLine({ celsius: 21.5 }, 'shield-1_a')).toEqual({
      name: 'shield-1_a',
      text: '{"celsius":21.5}',
      isRaw: true,
    });
    expect(parseChatLine(Uint8Array.of(1, 2), 'shield-1_a').text).toBe('2 bytes');
    expect(parseChatLine('plain', 'shield-1_a')).toMatchObject({ text: 'plain', isRaw: false });
  });

  it('comes out of any payload, bounded', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }).filter(isJson), fc.string(), (payload, sender) => {
        const line = parseChatLine(payload, sender);
        expect(line.text.length).toBeLessThanOrEqual(4_000);
        expect(typeof line.name).toBe('string');
      }),
    );
    expect(parseChatLine({ name: 'n'.repeat(9_999), text: 't'.repeat(99_999) }, '').name).toHaveLength(64);
  });
});

function isJson(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}
