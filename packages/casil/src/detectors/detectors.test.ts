import { describe, expect, it } from 'vitest';
import { precisionOf, recallOf } from '../confusion.ts';
import { createTestPolicy } from '../testing/create-test-policy.ts';
import { inspectPayload, rewrittenPayload } from '../testing/inspect-payload.ts';
import { isCpfSum, isDniSum, isIbanSum, isLuhn, isNhsSum, isNirSum, isVerhoeff } from './checksums.ts';
import { isPlaceholder, isRandomLooking } from './entropy.ts';

const policy = createTestPolicy();
const join = (...parts: readonly string[]): string => parts.join('');

function detectorsOf(text: string): readonly string[] {
  return inspectPayload({ text }, policy).findings.map(({ detector }) => detector);
}

describe('checksums', () => {
  it('[CAS-4] tell numbers from what only has their length', () => {
    expect([isLuhn('4111111111111111'), isLuhn('4111111111111112')]).toEqual([true, false]);
    expect([isIbanSum('DE89370400440532013000'), isIbanSum('DE88370400440532013000')]).toEqual([true, false]);
    expect([isCpfSum('52998224725'), isCpfSum('52998224735'), isCpfSum('52998224724')]).toEqual([true, false, false]);
    expect([isCpfSum('11111111111'), isCpfSum('')]).toEqual([false, false]);
    expect([isNhsSum('9434765919'), isNhsSum('9434765918')]).toEqual([true, false]);
    expect([isNirSum('185057800608436'), isNirSum('185057800608437')]).toEqual([false, false]);
    expect([isDniSum('12345678', 'z'), isDniSum('12345678', 'A')]).toEqual([true, false]);
    expect([isVerhoeff('234123412346'), isVerhoeff('234123412347')]).toEqual([true, false]);
  });

  it('[CAS-4] recall and precision of nothing are whole', () => {
    expect(recallOf({ found: 0, missed: 0, falseAlarms: 3 })).toBe(1);
    expect(recallOf({ found: 3, missed: 1, falseAlarms: 0 })).toBe(0.75);
    expect(precisionOf({ found: 0, missed: 2, falseAlarms: 0 })).toBe(1);
    expect(precisionOf({ found: 1, missed: 0, falseAlarms: 1 })).toBe(0.5);
  });

  it('[CAS-4] random-looking is what no person writes', () => {
    expect(isRandomLooking(join('f9Kx2Lq8Zr5T', 'nB7wVh3mC1'))).toBe(true);
    expect(isRandomLooking(join('9f86d081884c7d65', '9a2feaa0c55ad015'))).toBe(true);
    expect(isRandomLooking('service-account.key-a8Kq2Lx9Zr5TnB7w')).toBe(true);
    const plain = [
      'aaaaaaaaaaaaaaaa1',
      '1234567890123456',
      'onlylettersinhere',
      'prod.eu-1.cluster.example',
      'your-key-goes-here-1',
    ];
    expect(plain.filter(isRandomLooking)).toEqual([]);
    expect(['${TOKEN}', '<token>', 'changeme', 'xxxxxxxx', 'password'].filter(isPlaceholder)).toHaveLength(5);
  });
});

describe('a detector', () => {
  it.each([
    ['an e-mail address in the name of a file', 'icon@2x.png'],
    ['the user of an address of the web', 'https://alice@git.example.org/app'],
    ['a repository', 'git@github.com:acme/app'],
    ['an IBAN of no country', 'QQ89370400440532013000'],
    ['an IBAN with another sum', 'DE88370400440532013000'],
    ['an IBAN that goes on', 'DE893704004405320130001'],
    ['a card of no scheme', '9111 1111 1111 1111'],
    ['one digit over and over', '4444 4444 4444 4444'],
    ['a number of a test with another sum', '4111 1111 1111 1112'],
    ['too few digits for a telephone', '+12 345'],
    ['too many digits for a telephone', '+1234567890123456'],
    ['a fraction', '0.4111111111111111'],
    ['digits inside of a word', 'ab4111111111111111cd 12ef'],
    ['an example of AWS', join('AKIA', 'IOSFODNN7EXAMPLE')],
    ['a bearer of words', 'the bearer of-this-letter-is-known'],
    ['basic letters', 'basic abcdefghijklmnop'],
    ['a password in no connection', 'password=Ab1;'],
    ['a placeholder in a connection', 'Server=db;Password=<secret>;'],
    ['a placeholder in an address', join('postgres://app:', '${PASSWORD}@db/app')],
    ['a certificate', '-----BEGIN CERTIFICATE-----'],
    ['a key of OpenAI without digits', 'sk-abcdefghijklmnopqrstuvwxyzabcdefgh'],
  ])('[CAS-4] finds nothing in %s', (_, text) => {
    expect(detectorsOf(text)).toEqual([]);
  });

  it.each([
    ['pem_private_key', join('-----BEGIN ', 'PRIVATE KEY-----\nMIIEvQ')],
    ['pem_private_key', join('-----BEGIN ', 'EC PRIVATE KEY-----\nMIIE\n-----END EC PRIVATE KEY')],
    ['email', 'mail: <lena@example.org>'],
    ['phone', 'call 00491711234567 now'],
    ['iban', 'DE89 3704 0044 0532 0130 00 USD'],
    ['card_number', 'cards: 4111-1111-1111-1111, 378282246310005'],
    ['us_itin', '912-78-1234'],
    ['connection_password', join('Server=db;User ID=app;Password=', 'Wint3rIs9x;')],
  ])('[CAS-4] %s is found in %j', (detector, text) => {
    expect(detectorsOf(text)).toContain(detector);
  });

  it('[CAS-6] takes the key with its end, and two things in one text apart', () => {
    const lenient = createTestPolicy({ blockOnProbableSecret: false });
    const pem = join('-----BEGIN ', 'PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----');
    const text = `${pem} and 4111 1111 1111 1111, 378282246310005.`;
    expect(rewrittenPayload(inspectPayload({ text, 'a/b~c': { 'x/y': text } }, lenient))).toEqual({
      text: '***REDACTED*** and ***REDACTED***, ***REDACTED***.',
      'a/b~c': { 'x/y': '***REDACTED*** and ***REDACTED***, ***REDACTED***.' },
    });
    const { findings } = inspectPayload({ 'a/b~c': [{ 'x/y': text }] }, lenient);
    expect(findings[0]?.path).toBe('payload/a~1b~0c/0/x~1y');
  });

  it('[CAS-2] [CAS-5] tells no more than so many findings, and still redacts and blocks', () => {
    const many = Array.from({ length: 100 }, () => ({ password: 'x1' }));
    const decision = inspectPayload(many, policy);
    expect(decision.findings).toHaveLength(64);
    expect(JSON.stringify(rewrittenPayload(decision))).not.toContain('x1');
    const key = join('AKIA', 'Q3EGRZ7XUWL5P2MN');
    expect(inspectPayload([...many, key], policy)).toMatchObject({ outcome: 'BLOCK' });
  });
});
