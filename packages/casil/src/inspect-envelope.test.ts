import { describe, expect, it } from 'vitest';
import { describeDecision, isNoteworthy } from './decision.ts';
import { failedInspection } from './decide.ts';
import { createTestPolicy } from './testing/create-test-policy.ts';
import { inspectPayload, rewrittenPayload, samples } from './testing/inspect-payload.ts';

const { awsKey, card, url } = samples;
const enforcing = createTestPolicy();
const monitoring = createTestPolicy({ mode: 'monitor' });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('an outcome', () => {
  it('[CAS-5] is BLOCK for a provider key, whatever else is in the message', () => {
    const decision = inspectPayload({ text: `use ${awsKey}`, card, password: 'hunter2' }, enforcing);
    expect(decision).toMatchObject({
      outcome: 'BLOCK',
      reason: 'CASIL_POLICY_BLOCKED_SECRET',
      cause: 'secret',
      riskLevel: 'high',
      rewritten: {},
    });
    expect(decision.findings).toContainEqual({ detector: 'aws_access_key_id', path: 'payload/text', action: 'block' });
  });

  it('[CAS-5] is ALLOW_WITH_REDACTION for a card, and only if something changed', () => {
    const decision = inspectPayload({ text: `my card is ${card}, thanks`, n: 3 }, enforcing);
    expect(decision).toMatchObject({ outcome: 'ALLOW_WITH_REDACTION', reason: 'CASIL_POLICY_REDACTED' });
    expect(rewrittenPayload(decision)).toEqual({ text: 'my card is ***REDACTED***, thanks', n: 3 });
    expect(inspectPayload({ password: '', token: '***REDACTED***' }, enforcing)).toMatchObject({ outcome: 'ALLOW' });
  });

  it('[CAS-5] [CAS-13] is ALLOW for e-mail and telephone, which are flagged', () => {
    const decision = inspectPayload({ text: 'write to lena@example.org or +49 30 1234567' }, enforcing);
    expect(decision).toMatchObject({ outcome: 'ALLOW', reason: 'CASIL_POLICY_ALLOWED', riskLevel: 'low' });
    expect(decision.flags).toMatchObject({ containsPii: true, containsProbableSecret: false });
    expect(isNoteworthy(decision)).toBe(true);
  });

  it('[CAS-5] of a detector is what the policy says', () => {
    const custom = createTestPolicy({
      detectors: { email: 'redact', aws_access_key_id: 'allow', card_number: 'block' },
    });
    expect(rewrittenPayload(inspectPayload({ to: 'lena@example.org', key: awsKey }, custom))).toEqual({
      to: '***REDACTED***',
      key: awsKey,
    });
    expect(inspectPayload({ card }, custom)).toMatchObject({ outcome: 'BLOCK', cause: 'personal_data' });
  });

  it('[CAS-5] redacts secrets where block_on_probable_secret is off', () => {
    const lenient = createTestPolicy({ blockOnProbableSecret: false });
    expect(rewrittenPayload(inspectPayload({ text: `key ${awsKey}.`, url }, lenient))).toEqual({
      text: 'key ***REDACTED***.',
      url: ['postgres://app', '***REDACTED***@db.internal:5432/orders'].join(':'),
    });
  });

  it('[CAS-5] is BLOCK for a payload over the size of the policy', () => {
    const small = createTestPolicy({ maxPayloadBytes: 100 });
    expect(inspectPayload({ text: 'x'.repeat(100) }, small)).toMatchObject({
      outcome: 'BLOCK',
      reason: 'CASIL_POLICY_OVERSIZE',
      cause: 'oversize',
      flags: { oversizePayload: true },
    });
  });

  it('[CAS-13] changes nothing where transport redaction is off, and still blocks', () => {
    const policy = createTestPolicy({ transportRedaction: false });
    expect(inspectPayload({ card }, policy)).toMatchObject({ outcome: 'ALLOW', rewritten: {} });
    expect(inspectPayload({ awsKey }, policy)).toMatchObject({ outcome: 'BLOCK' });
  });
});

describe('monitor', () => {
  it.each([
    [{ text: awsKey }, 'BLOCK'],
    [{ card }, 'ALLOW_WITH_REDACTION'],
  ])('[CAS-1] blocks nothing and changes nothing, and tells what would have been (%#)', (payload, wouldHave) => {
    const decision = inspectPayload(payload, monitoring);
    expect(decision).toMatchObject({ outcome: 'ALLOW', reason: 'CASIL_MONITOR_MODE', wouldHave, rewritten: {} });
    expect(describeDecision(decision)).toMatchObject({ decision: 'ALLOW', would_have: wouldHave });
  });

  it('[CAS-1] says nothing of what is clean', () => {
    const decision = inspectPayload({ text: 'a token of thanks' }, monitoring);
    expect(decision).toMatchObject({ outcome: 'ALLOW', reason: 'CASIL_POLICY_ALLOWED' });
    expect([decision.wouldHave, isNoteworthy(decision)]).toEqual([undefined, false]);
  });

  it('[CAS-7] lets through what cannot be inspected; enforcing follows the default decision', () => {
    expect(failedInspection('data', monitoring)).toMatchObject({ outcome: 'ALLOW', reason: 'CASIL_INTERNAL_ERROR' });
    expect(failedInspection('data', enforcing)).toMatchObject({ outcome: 'BLOCK', cause: 'failed' });
    const open = createTestPolicy({ defaultDecision: 'allow' });
    expect(failedInspection('data', open)).toMatchObject({ outcome: 'ALLOW', riskLevel: 'unknown' });
  });
});

describe('the scope', () => {
  const inside = { room: 'science', channel: 'general' };
  it.each([
    [{}, inside, true],
    [{ scopeInclude: ['science:*'] }, inside, true],
    [{ scopeInclude: ['art:*'] }, inside, false],
    [{ scopeExclude: ['science:general'] }, inside, false],
    [{ scopeInclude: ['science'], scopeExclude: ['*:general'] }, inside, false],
    [{ scopeInclude: ['art:*'] }, { room: '', channel: '' }, true],
    [{ scopeExclude: ['*'] }, { room: '', channel: '' }, false],
  ])('[CAS-1] of %j holds %j: %s', (settings, place, isInside) => {
    const decision = inspectPayload({ awsKey }, createTestPolicy(settings), place);
    expect(decision.outcome).toBe(isInside ? 'BLOCK' : 'ALLOW');
    expect(decision.reason === 'CASIL_OUT_OF_SCOPE').toBe(!isInside);
  });
});

describe('the classification', () => {
  it.each([
    ['event', 'data'],
    ['private', 'data'],
    ['command', 'control'],
    ['telemetry', 'telemetry'],
    ['system', 'system'],
  ] as const)('[CAS-3] of %s is %s', (type, kind) => {
    expect(inspectPayload({ ok: true }, enforcing, { type })).toMatchObject({ kind, riskLevel: 'low' });
  });

  it('[CAS-3] is the same for the same message', () => {
    const payload = { text: `${awsKey} ${card} lena@example.org`, token: 'abc' };
    expect(inspectPayload(payload, enforcing)).toEqual(inspectPayload(payload, createTestPolicy()));
  });

  it('[CAS-8] [CAS-3] names the flags that are up', () => {
    const tiny = createTestPolicy({ maxInspectBytes: 256, maxPayloadBytes: 300 });
    const decision = inspectPayload({ a: awsKey, b: card, c: 'x'.repeat(400) }, tiny);
    expect(describeDecision(decision)).toEqual({
      kind: 'data',
      risk_level: 'high',
      flags: ['contains_probable_secret', 'contains_pii', 'oversize_payload', 'partially_inspected'],
      reason_code: 'CASIL_POLICY_OVERSIZE',
      decision: 'BLOCK',
    });
  });
});

describe('what is inspected', () => {
  it.each([
    ['args', { args: bytes(JSON.stringify({ meta: { note: awsKey } })) }],
    ['metadata', { metadata: bytes(JSON.stringify({ note: awsKey })) }],
    ['spectral', { spectral: bytes(JSON.stringify({ note: awsKey })) }],
    ['headers', { headers: { 'x-note': awsKey } }],
    ['headers', { headers: { [awsKey]: '1' } }],
    ['intent', { intent: `deploy with ${awsKey}` }],
    ['capabilities', { capabilities: ['search', awsKey] }],
    ['channel', { channel: awsKey }],
  ])('[SAF-3] [CAS-5] %s is, as the payload is', (part, fields) => {
    const decision = inspectPayload({ ok: true }, enforcing, fields);
    expect(decision).toMatchObject({ outcome: 'BLOCK', reason: 'CASIL_POLICY_BLOCKED_SECRET' });
    expect(decision.findings[0]?.path.startsWith(part)).toBe(true);
  });

  it('[CAS-6] what may only be redacted blocks where nothing is rewritten: in names, headers and the names of members', () => {
    expect(inspectPayload({ ok: 1 }, enforcing, { headers: { note: card } })).toMatchObject({ outcome: 'BLOCK' });
    const decision = inspectPayload({ [card]: 'paid' }, enforcing);
    expect(decision).toMatchObject({ outcome: 'BLOCK', findings: [{ path: 'payload/?' }] });
    expect(inspectPayload({ ok: 1 }, enforcing, { headers: { note: 'lena@example.org' } })).toMatchObject({
      outcome: 'ALLOW',
    });
    const long = `${'x'.repeat(9_000)} ${awsKey}`;
    expect(inspectPayload({ ok: 1 }, enforcing, { headers: { note: long } })).toMatchObject({ outcome: 'BLOCK' });
  });

  it('[CAS-6] arguments, metadata and spectral are rewritten as the payload is', () => {
    const json = bytes(JSON.stringify({ password: 'hunter2' }));
    const { rewritten } = inspectPayload({ a: 1 }, enforcing, { args: json, metadata: json, spectral: json });
    expect(Object.keys(rewritten)).toEqual(['args', 'metadata', 'spectral']);
  });

  it('[SAF-6] text is, and other content follows `opaque`', () => {
    const text = bytes(`dump:\ncard ${card}\nend é`);
    const redacted = inspectPayload({}, enforcing, { payload: text, contentType: 'text/plain' });
    expect(new TextDecoder().decode(redacted.rewritten.payload)).toBe('dump:\ncard ***REDACTED***\nend é');
    const notUtf8 = { payload: Uint8Array.of(0xff, 0xfe, 0x41), contentType: 'text/plain' };
    const image = { payload: Uint8Array.of(0x89, 0x50, 0x4e, 0x47), contentType: 'image/png' };
    for (const fields of [notUtf8, image]) {
      expect(inspectPayload({}, enforcing, fields)).toMatchObject({
        outcome: 'BLOCK',
        reason: 'CASIL_INTERNAL_ERROR',
        cause: 'opaque',
        riskLevel: 'unknown',
      });
      expect(inspectPayload({}, createTestPolicy({ opaque: 'allow' }), fields)).toMatchObject({ outcome: 'ALLOW' });
    }
    const clean = { payload: bytes('hello'), contentType: 'text/plain' };
    expect(inspectPayload({}, enforcing, clean)).toMatchObject({ outcome: 'ALLOW', findings: [] });
  });

  it('[SAF-6] [CAS-2] a part of which only the beginning was looked at blocks, unless `partial` allows it', () => {
    const payload = { a: 'x'.repeat(300), b: card };
    const settings = { maxInspectBytes: 256 };
    expect(inspectPayload(payload, createTestPolicy(settings))).toMatchObject({
      outcome: 'BLOCK',
      reason: 'CASIL_POLICY_OVERSIZE',
      cause: 'partial',
      flags: { partiallyInspected: true },
    });
    const open = createTestPolicy({ ...settings, partial: 'allow' });
    expect(inspectPayload(payload, open)).toMatchObject({ outcome: 'ALLOW', riskLevel: 'unknown' });
    // What begins before the end of what is looked at blocks, as it cannot be rewritten.
    expect(inspectPayload({ a: `${card} ${'é'.repeat(300)}` }, open)).toMatchObject({ outcome: 'BLOCK' });
    const text = { payload: bytes(`${card} ${'é'.repeat(300)}`), contentType: 'text/plain' };
    const decision = inspectPayload({}, open, text);
    expect(new TextDecoder().decode(decision.rewritten.payload)).toBe(`***REDACTED*** ${'é'.repeat(300)}`);
  });
});
