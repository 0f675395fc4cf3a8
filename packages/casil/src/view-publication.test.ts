import { createEnvelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { inspectEnvelope } from './inspect-envelope.ts';
import { createCasilPolicy } from './policy/casil-policy.ts';
import type { CasilSettings } from './policy/settings.ts';
import { DEFAULT_CASIL_SETTINGS } from './policy/settings.ts';
import { createTestPolicy } from './testing/create-test-policy.ts';
import { samples } from './testing/inspect-payload.ts';
import { viewPublication } from './view-publication.ts';

const payload = { card: samples.card, to: 'lena@example.org', password: 'hunter2', n: 1 };
const R = '***REDACTED***';

function viewsOf(
  content: unknown,
  settings: Partial<CasilSettings>,
): readonly (readonly [readonly string[], unknown])[] {
  const policy = createTestPolicy({ detectors: { email: 'redact' }, ...settings });
  const bytes = new TextEncoder().encode(JSON.stringify(content));
  const envelope = { ...createEnvelope('event'), room: 'science', channel: 'general', payload: bytes };
  const decision = inspectEnvelope(envelope, policy);
  return viewPublication(envelope, decision, policy).map(
    ({ entries, payload: seen }) => [entries, JSON.parse(new TextDecoder().decode(seen))] as const,
  );
}

describe('views of a publication', () => {
  it('[CAS-12] show what their entry names, and redact the rest', () => {
    const views = ['role:moderator=card_number', 'capability:auditor=*', 'grant=email+redaction_path'];
    expect(viewsOf(payload, { views })).toEqual([
      [['role:moderator=card_number'], { ...payload, to: R, password: R }],
      [['capability:auditor=*'], payload],
      [['grant=email+redaction_path'], { ...payload, card: R }],
    ]);
  });

  it('[CAS-12] are one where readers see the same, and none where they see what all do', () => {
    const views = ['role:admin=*', 'role:moderator=card_number', 'grant=iban'];
    expect(viewsOf({ card: samples.card }, { views })).toEqual([
      [['role:admin=*', 'role:moderator=card_number'], { card: samples.card }],
    ]);
    expect(viewsOf({ text: 'clean' }, { views })).toEqual([]);
  });

  it('[CAS-12] show nothing that blocks, nothing while nothing is redacted on the way, and in monitor mode nothing', () => {
    const views = ['role:admin=*'];
    expect(viewsOf({ ...payload, text: samples.awsKey }, { views })).toEqual([]);
    expect(viewsOf(payload, { views, transportRedaction: false })).toEqual([]);
    expect(viewsOf(payload, { views, mode: 'monitor' })).toEqual([]);
    // Shown by its name, but a secret by its shape: whoever may see it may not see that.
    expect(viewsOf({ password: samples.awsKey, card: samples.card }, { views: ['role:admin=redaction_path'] })).toEqual(
      [],
    );
  });

  it('[CAS-12] [CAS-2] show what an expression of the operator redacts to who may see it', () => {
    const settings = { redactionPatterns: ['case-[0-9]+'], views: ['grant=redaction_pattern'] };
    expect(viewsOf({ text: 'about case-77' }, settings)).toEqual([[settings.views, { text: 'about case-77' }]]);
  });

  it.each([
    [['role:moderator']],
    [['role:root=*']],
    [['moderator=*']],
    [['role:moderator=no_such_detector']],
    [['capability:=*']],
    [['capability:é=*']],
    [['grant=']],
    [['grant=*+iban+']],
    [['grant=*', 'role:admin=*', 'role:user=*', 'role:guest=*']],
  ])('[CAS-12] %j make no policy, and the problem says which', (views) => {
    const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, enabled: true, views });
    expect(made).toMatchObject({ ok: false, problems: [{ key: 'views' }] });
  });
});
