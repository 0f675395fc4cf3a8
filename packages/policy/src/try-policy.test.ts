import { describe, expect, it } from 'vitest';
import type { PolicyMessage, PolicyOutcome } from './policy-message.ts';
import { tryPolicy } from './try-policy.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const allow: PolicyOutcome = { kind: 'allow', fuel: 7, payload: undefined, headers: [] };

describe('a policy that is tried', () => {
  it.each<readonly [PolicyOutcome, object]>([
    [allow, { verdict: 'allow' }],
    [{ ...allow, headers: [['x-a', '1']] }, { verdict: 'change' }],
    [
      { ...allow, payload: bytes('{"a":1}') },
      { verdict: 'change', payload: { a: 1 } },
    ],
    [
      { ...allow, payload: bytes('no JSON') },
      { verdict: 'change', payload: 'no JSON' },
    ],
    [
      { kind: 'reject', fuel: 7, code: 'C', reason: 'why' },
      { verdict: 'reject', code: 'C', reason: 'why' },
    ],
    [
      { kind: 'fault', fuel: 7, fault: 'trap' },
      { verdict: 'fault', reason: 'trap' },
    ],
  ])('[WSM-7] shows what it says: %j', (outcome, expected) => {
    expect(tryPolicy({ check: () => outcome }, {}, {}, 9)).toEqual({ ...expected, fuel: 7 });
  });

  it('[WSM-7] [WSM-4] sees the message that it is shown, and nothing that has no name of its own', () => {
    const seen: unknown[] = [];
    const check = (message: PolicyMessage): PolicyOutcome => {
      seen.push(new TextDecoder().decode(message.payload), message.header('a'), message.header('toString'));
      seen.push(message.claim('role'), message.context('type'), message.context('room'));
      message.log('warn', 'seen');
      return allow;
    };
    const logs: string[] = [];
    const context = { room: 'lab', headers: { a: '1' }, claims: { role: 'user' } };
    tryPolicy({ check }, { b: 2 }, context, 9, (level, text) => void logs.push(`${level} ${text}`));
    tryPolicy({ check }, { b: 2 }, context, 9);
    expect(seen.slice(0, 6)).toEqual(['{"b":2}', '1', undefined, 'user', 'event', 'lab']);
    expect(logs).toEqual(['warn seen']);
  });
});
