import { describe, expect, it } from 'vitest';
import { createTestPolicy } from './testing/create-test-policy.ts';
import { inspectPayload, samples } from './testing/inspect-payload.ts';

const { awsKey, card } = samples;
const enforcing = createTestPolicy();
const raw = (text: string): Uint8Array => new TextEncoder().encode(text);

function escaped(text: string): string {
  return [...text].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

function wide(text: string): string {
  return text.replace(/[!-~]/g, (one) => String.fromCodePoint(one.charCodeAt(0) + 0xfee0));
}

describe('evasion (C-12)', () => {
  it.each([
    ['escapes', `{"t":"${escaped(awsKey)}"}`],
    ['one escape', `{"t":"${awsKey.slice(0, 2)}${escaped(awsKey.slice(2, 3))}${awsKey.slice(3)}"}`],
    [
      'an escape of the slash',
      `{"t":"https:\\/\\/hooks.slack.com\\/services\\/T01ABCDEF\\/B01ABCDEF\\/${'aB3dE5gH7jK9'.repeat(2)}"}`,
    ],
    ['a character without width', JSON.stringify({ t: `${awsKey.slice(0, 9)}\u200b${awsKey.slice(9)}` })],
    ['a soft hyphen', JSON.stringify({ t: `${awsKey.slice(0, 3)}\u00ad${awsKey.slice(3)}` })],
    ['full-width letters', JSON.stringify({ t: wide(awsKey) })],
    ['a list', JSON.stringify([[['x', awsKey]]])],
    ['a line of its own', JSON.stringify({ t: `one\n${awsKey}\ntwo` })],
    ['JSON in JSON', JSON.stringify({ t: JSON.stringify({ key: awsKey }) })],
    ['the outermost text', JSON.stringify(awsKey)],
  ])('[CAS-2] through %s is seen', (_, payload) => {
    expect(inspectPayload({}, enforcing, { payload: raw(payload) })).toMatchObject({ outcome: 'BLOCK' });
  });

  it('[CAS-6] a disguised number takes the whole text with it', () => {
    const decision = inspectPayload({ t: `pay ${wide(card)} now` }, enforcing);
    expect(new TextDecoder().decode(decision.rewritten.payload)).toBe('{"t":"***REDACTED***"}');
  });

  it('[CAS-4] what is only written widely is nothing', () => {
    expect(inspectPayload({ t: '👨‍👩‍👧 ｗｉｄｅ text' }, enforcing)).toMatchObject({ outcome: 'ALLOW', findings: [] });
  });
});

describe('hostile text (C-10)', () => {
  const heads = [
    'eyJ',
    'eyJ.eyJ-',
    'sk-',
    'xoxb-1-',
    '://a:',
    'a@a.',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----',
    'password=',
    'AIza',
    '4111 ',
    '+1 (2) ',
    'DE89 ',
    'bearer a',
    'basic a',
    'ghp_',
    '&sig=a',
    'P<',
    'SG.a',
    '\u200b',
    '00 1',
    '(20',
    'AccountKey=a',
    'pwd=host=aaaa',
    'PuTTY-User-Key-File-3: ',
  ];

  it.each(heads)('[CAS-2] %j over and over costs in proportion to its length', (head) => {
    const costOf = (length: number): number => {
      const payload = raw(JSON.stringify({ t: head.repeat(Math.ceil(length / head.length)).slice(0, length) }));
      const best = Array.from({ length: 5 }, () => {
        const before = process.cpuUsage();
        inspectPayload({}, enforcing, { payload });
        const { user, system } = process.cpuUsage(before);
        return user + system;
      });
      return Math.min(...best);
    };
    costOf(4_000);
    const [short, long] = [costOf(15_000), costOf(60_000)];
    // Four times the length: what is quadratic takes sixteen times as long. Less than 5 ms is not worth a measure.
    expect(long).toBeLessThan(Math.max(5_000, short * 9));
  });
});
