import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTestPolicy } from './testing/create-test-policy.ts';
import { inspectPayload, rewrittenPayload, samples } from './testing/inspect-payload.ts';

const { awsKey, card } = samples;
const enforcing = createTestPolicy();

describe('redaction by place', () => {
  it('[CAS-6] takes names at any depth, however they are written, and all that is below them', () => {
    const payload = {
      apiKey: 'a1',
      'API-KEY': 'b2',
      deep: [{ Client_Secret: { id: 7, parts: ['x', null, true] } }],
      tokens: 3,
      max_token: 'stays',
    };
    expect(rewrittenPayload(inspectPayload(payload, enforcing))).toEqual({
      apiKey: '***REDACTED***',
      'API-KEY': '***REDACTED***',
      deep: [{ Client_Secret: { id: '***REDACTED***', parts: ['***REDACTED***', null, true] } }],
      tokens: 3,
      max_token: 'stays',
    });
  });

  it('[CAS-6] finds a name that is written with escapes', () => {
    const payload = new TextEncoder().encode('{"p\\u0061ssword":"hunter2","a":[]}');
    const decision = inspectPayload({}, enforcing, { payload });
    expect(rewrittenPayload(decision)).toEqual({ password: '***REDACTED***', a: [] });
  });

  it('[CAS-6] takes what JSON pointers lead to, `*` standing for any step', () => {
    const policy = createTestPolicy({ redactionPaths: ['/patient/name', '/items/*/price', '/a~1b', '/rows/*'] });
    const payload = {
      patient: { name: 'Lena', id: 4 },
      items: [{ price: 9.5, n: 1 }, { price: -2e3 }],
      'a/b': 'x',
      rows: [[1, 'y'], 2],
    };
    expect(rewrittenPayload(inspectPayload(payload, policy))).toEqual({
      patient: { name: '***REDACTED***', id: 4 },
      items: [{ price: '***REDACTED***', n: 1 }, { price: '***REDACTED***' }],
      'a/b': '***REDACTED***',
      rows: [['***REDACTED***', '***REDACTED***'], '***REDACTED***'],
    });
  });

  it('[CAS-4] takes a random-looking value beside a suspicious name, and no UUID, word or placeholder', () => {
    const random = ['f9', 'Kx2Lq8Zr5TnB7wVh3', 'mC1'].join('');
    const decision = inspectPayload(
      { refreshToken: random, list: { auth_token: [random] }, next_token: random },
      enforcing,
    );
    expect(rewrittenPayload(decision)).toEqual({
      refreshToken: '***REDACTED***',
      list: { auth_token: ['***REDACTED***'] },
      next_token: random,
    });
    const harmless = {
      access_token: '550e8400-e29b-41d4-a716-446655440000',
      db_password: 'projects.acme.secrets.db1',
      service_token: '<the-token-of-2026-goes-here>',
      masterKey: 'short1',
      signing_key: 'only-words-in-here-and-no-digit',
    };
    expect(inspectPayload(harmless, enforcing)).toMatchObject({ outcome: 'ALLOW', findings: [] });
    const allowed = createTestPolicy({ detectors: { high_entropy_value: 'allow' } });
    expect(inspectPayload({ refreshToken: random }, allowed)).toMatchObject({ outcome: 'ALLOW' });
  });
});

describe('redaction by pattern', () => {
  const policy = createTestPolicy({ redactionPatterns: ['(?i)patient[- ]?[0-9]{4,8}', '\\bEAGLE-[A-Z]+'] });

  it('[CAS-6] takes matches in the text of values, of all patterns in one', () => {
    const payload = { text: 'Patient 12345 of EAGLE-ONE, "quoted" é', n: 12345 };
    const decision = inspectPayload(payload, policy);
    expect(rewrittenPayload(decision)).toEqual({ text: '***REDACTED*** of ***REDACTED***, "quoted" é', n: 12345 });
    expect(decision.findings).toEqual([{ detector: 'redaction_pattern', action: 'redact', path: 'payload/text' }]);
    expect(inspectPayload({ text: 'nothing of that' }, policy)).toMatchObject({ outcome: 'ALLOW' });
  });

  it('[CAS-6] goes with what detectors redact, and a dollar sign means nothing', () => {
    expect(rewrittenPayload(inspectPayload({ text: `${card} for patient 4711 $1` }, policy))).toEqual({
      text: '***REDACTED*** for ***REDACTED*** $1',
    });
  });

  it('[CAS-2] takes time linear in a text that was made to be slow', () => {
    const hostile = createTestPolicy({ redactionPatterns: ['(a+)+$', '(x|xx)*y'] });
    const decision = inspectPayload({ text: `${'a'.repeat(20_000)}!${'x'.repeat(20_000)}` }, hostile);
    expect(decision.outcome).toBe('ALLOW');
  });

  it('[C-13] ends with the whole text redacted where every redaction makes another match', () => {
    const endless = createTestPolicy({ redactionPatterns: ['^.'] });
    expect(rewrittenPayload(inspectPayload({ text: 'abcdefgh' }, endless))).toEqual({ text: '***REDACTED***' });
  });
});

const hostileText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    awsKey,
    card,
    'lena@example.org',
    'DE89 3704 0044 0532 0130 00',
    '\u200b',
    '***REDACTED***',
    'password=',
    '-----BEGIN PRIVATE KEY-----',
    '\\u0041',
    '"',
    '://a:b@',
  ),
);
const text = fc.array(hostileText, { maxLength: 6 }).map((parts) => parts.join(' '));
const name = fc.oneof(fc.constantFrom('password', 'token', 'api_key', 'text', 'n'), fc.string({ maxLength: 8 }));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(4_111_111_111_111_111),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** The same shape: names, places and kinds, where a text may stand for a text or a number. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([key, member]) => [key, shapeOf(member)]);
  }
  return typeof value === 'string' || typeof value === 'number' ? 'leaf' : value;
}

const redacting = createTestPolicy({
  blockOnProbableSecret: false,
  detectors: { email: 'redact', phone: 'redact' },
  redactionPatterns: ['b+'],
});

describe('whatever is redacted', () => {
  it('[CAS-6] [C-13] is valid JSON of the same shape, and does not change again', () => {
    fc.assert(
      fc.property(json, (value) => {
        const decision = inspectPayload(value, redacting);
        if (decision.outcome !== 'ALLOW_WITH_REDACTION') return;
        const redacted = rewrittenPayload(decision);
        expect(shapeOf(redacted)).toEqual(shapeOf(JSON.parse(JSON.stringify(value))));
        expect(inspectPayload(redacted, redacting).outcome).toBe('ALLOW');
        const left = JSON.stringify(redacted);
        for (const secret of [awsKey, card]) expect(left).not.toContain(secret);
      }),
      { numRuns: 400 },
    );
  });

  it('[CAS-11] the quick look misses nothing that the close look finds', () => {
    fc.assert(
      fc.property(json, (value) => {
        const payload = new TextEncoder().encode(JSON.stringify(value));
        if (redacting.inspector.mayHold(payload, 0, payload.length)) return;
        // Pointers make every message be looked at closely.
        const closely = createTestPolicy({ redactionPaths: ['password', 'token', 'api_key', '/no/such/place'] });
        expect(inspectPayload(value, closely).findings).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
