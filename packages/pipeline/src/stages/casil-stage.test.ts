import { DEFAULT_CASIL_SETTINGS, createCasilPolicy } from '@arqonbus/casil';
import type { CasilPolicy, CasilSettings, Decision } from '@arqonbus/casil';
import type { Envelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import type { Ingress } from '../ingress.ts';
import { createTestIngress } from '../ingress-rig.ts';
import { ALLOW } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import { createCasilStage } from './casil-stage.ts';
import { createStampStage } from './stamp-stage.ts';

const awsKey = ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('');
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function policyWith(changes: Partial<CasilSettings>): CasilPolicy {
  const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, enabled: true, mode: 'enforce', ...changes });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.policy;
}

interface Checked {
  readonly verdict: Verdict;
  readonly ingress: Ingress;
  readonly decisions: readonly Decision[];
  readonly failures: readonly unknown[];
}

function check(
  fields: Partial<Envelope>,
  policy: CasilPolicy | undefined = policyWith({}),
  of: 'check' | 'recheck' = 'check',
): Checked {
  const decisions: Decision[] = [];
  const failures: unknown[] = [];
  const stage = createCasilStage({
    isOn: () => true,
    policyOf: (tenant) => (tenant === 'acme' ? policy : undefined),
    onDecision: (_, decision) => void decisions.push(decision),
    onFailure: (error) => {
      failures.push(error);
      return '4bf92f3577b34da6a3ce929d0e0e4736';
    },
  });
  const ingress = createTestIngress({ room: 'science', channel: 'general', ...fields });
  return { verdict: stage[of]?.(ingress) ?? ALLOW, ingress, decisions, failures };
}

function payloadOf({ ingress }: Checked): unknown {
  return JSON.parse(new TextDecoder().decode(ingress.envelope.payload));
}

describe('the CASIL stage', () => {
  it('[CAS-5] [SAF-2] refuses a secret with its code, and says which and where but not what', () => {
    const checked = check({ payload: bytes({ text: `use ${awsKey}` }) });
    expect(checked.verdict).toEqual({
      kind: 'block',
      code: 'CASIL_POLICY_BLOCKED_SECRET',
      reason: 'secret',
      errors: [{ field: 'payload/text', problem: 'holds aws_access_key_id' }],
      retryAfterMs: 0,
      traceId: '',
    });
    expect(checked.decisions).toMatchObject([{ outcome: 'BLOCK' }]);
  });

  it('[CAS-6] lets a message through redacted', () => {
    const checked = check({ payload: bytes({ password: 'hunter2', n: 1 }) });
    expect(checked.verdict).toEqual({ kind: 'allow' });
    expect(payloadOf(checked)).toEqual({ password: '***REDACTED***', n: 1 });
  });

  it('[SAF-3] [SAF-6] looks at the arguments of commands as at payloads', () => {
    const args = bytes({ meta: { note: awsKey } });
    expect(check({ type: 'command', command: 'set_status', args }).verdict).toMatchObject({ kind: 'block' });
    const redacted = check({ type: 'command', command: 'set_status', args: bytes({ meta: { secret: 'x1' } }) });
    expect(new TextDecoder().decode(redacted.ingress.envelope.args)).toBe('{"meta":{"secret":"***REDACTED***"}}');
  });

  it('[SAF-3] leaves credentials alone in the commands that are made of them', () => {
    const args = bytes({ token: awsKey });
    const checked = check({ type: 'command', command: 'refresh', args });
    expect([checked.verdict.kind, checked.ingress.envelope.args]).toEqual(['allow', args]);
    expect(check({ type: 'command', command: 'no_such', args: bytes({ x: awsKey }) }).verdict.kind).toBe('block');
  });

  it('[CAS-9] does nothing for a tenant that has it off', () => {
    const policy = policyWith({});
    const other = { ...createTestIngress({ payload: bytes({ awsKey }) }) };
    const stage = createCasilStage({
      isOn: () => true,
      policyOf: (tenant) => (tenant === 'globex' ? policy : undefined),
      onDecision: () => {
        throw new Error('nobody decides');
      },
      onFailure: () => '',
    });
    expect(stage.check(other)).toEqual({ kind: 'allow' });
  });

  it('[SAF-6] refuses what is not clean after it was redacted', () => {
    const policy = policyWith({ redactionPaths: ['password'] });
    let looks = 0;
    // A policy whose second look finds what the first one left.
    const fickle: CasilPolicy = {
      ...policy,
      isInScope: () => {
        looks += 1;
        return true;
      },
      get paths() {
        const names = new Set(looks > 1 ? ['password', 'note'] : ['password']);
        return { ...policy.paths, names, pointers: [['never']] };
      },
    };
    const checked = check({ payload: bytes({ password: 'hunter2', note: 'x' }) }, fickle);
    expect(checked.verdict).toMatchObject({ code: 'CASIL_POLICY_BLOCKED_SECRET', reason: 'second_change' });
    expect(payloadOf(checked)).toEqual({ password: 'hunter2', note: 'x' });
  });

  it.each([
    [{ contentType: 'image/png', payload: Uint8Array.of(1, 2) }, {}, 'CASIL_INTERNAL_ERROR', 'opaque'],
    [{ payload: bytes('x'.repeat(400)) }, { maxInspectBytes: 256 }, 'CASIL_POLICY_OVERSIZE', 'partial'],
    [{ payload: bytes('x'.repeat(400)) }, { maxPayloadBytes: 256 }, 'CASIL_POLICY_OVERSIZE', 'oversize'],
  ])('[SAF-6] [CAS-5] refuses what cannot be looked at as a whole (%#)', (fields, settings, code, reason) => {
    const { verdict } = check(fields, policyWith(settings));
    expect(verdict).toMatchObject({ code, reason, errors: [{ field: 'payload' }] });
    expect(check(fields, policyWith({ ...settings, mode: 'monitor' })).verdict).toEqual({ kind: 'allow' });
  });

  describe('whose inspection fails', () => {
    // What is no JSON never comes so far; a stage that is given it throws.
    const broken = { payload: new TextEncoder().encode(`]"${awsKey}"`) };

    it('[SAF-1] [CAS-7] C-14: refuses the message, and says nothing of the failure but its id', () => {
      const checked = check(broken);
      expect(checked.verdict).toEqual({
        kind: 'block',
        code: 'CASIL_INTERNAL_ERROR',
        reason: 'failed',
        errors: [],
        retryAfterMs: 0,
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      });
      expect(checked.failures).toHaveLength(1);
    });

    it('[CAS-7] lets it through where it only monitors, or the default decision says so', () => {
      for (const settings of [{ mode: 'monitor' }, { defaultDecision: 'allow' }] as const) {
        const checked = check(broken, policyWith(settings));
        expect(checked.verdict).toEqual({ kind: 'allow' });
        expect(checked.decisions).toMatchObject([{ reason: 'CASIL_INTERNAL_ERROR' }]);
      }
    });
  });

  it('[CAS-8] tells in the metadata of the envelope what was found, where that is asked for', () => {
    const { ingress } = check({ payload: bytes({ password: 'hunter2' }) }, policyWith({ metadataToEnvelope: true }));
    createStampStage(() => 'arq_01JQ8X3YV4').check(ingress);
    expect(JSON.parse(new TextDecoder().decode(ingress.envelope.metadata))).toEqual({
      tenant_id: 'acme',
      casil: {
        kind: 'data',
        risk_level: 'medium',
        flags: [],
        reason_code: 'CASIL_POLICY_REDACTED',
        decision: 'ALLOW_WITH_REDACTION',
      },
    });
    expect(check({ payload: bytes({}) }).ingress.casil).toBeUndefined();
  });
});

describe('what a later stage has put into a message', () => {
  const recheck = (fields: Partial<Envelope>, policy?: CasilPolicy): Checked => check(fields, policy, 'recheck');

  it('[SAF-6] goes on where it is clean, and where CASIL is off', () => {
    const clean = recheck({ payload: bytes({ text: 'all is well' }) });
    expect([clean.verdict.kind, clean.decisions]).toEqual(['allow', []]);
    const policy = policyWith({});
    const stage = createCasilStage({
      isOn: () => true,
      policyOf: (tenant) => (tenant === 'other' ? policy : undefined),
      onDecision: () => undefined,
      onFailure: () => '',
    });
    expect(stage.recheck?.(createTestIngress({ payload: bytes(awsKey) }))).toBe(ALLOW);
  });

  it('[SAF-6] is refused with a secret in it, in arguments of commands too', () => {
    const secret = { text: `use ${awsKey}` };
    const { verdict, decisions } = recheck({ payload: bytes(secret) });
    expect(verdict).toMatchObject({ code: 'CASIL_POLICY_BLOCKED_SECRET', reason: 'secret' });
    expect(decisions).toMatchObject([{ outcome: 'BLOCK' }]);
    const command = recheck({ type: 'command', command: 'set_status', args: bytes({ meta: secret }) });
    expect(command.verdict).toMatchObject({ code: 'CASIL_POLICY_BLOCKED_SECRET' });
  });

  it('[SAF-6] is refused, not redacted, where it holds something to redact', () => {
    const checked = recheck({ payload: bytes({ password: 'hunter2' }) });
    expect(checked.verdict).toMatchObject({ code: 'CASIL_POLICY_BLOCKED_SECRET', reason: 'second_change' });
    expect(checked.decisions).toMatchObject([{ outcome: 'BLOCK', cause: 'second_change' }]);
    expect(payloadOf(checked)).toEqual({ password: 'hunter2' });
  });
});
