import type { ChainLink, PolicyMessage, PolicyOutcome } from '@arqonbus/policy';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { createTestIngress, createTestOrigin } from '../ingress-rig.ts';
import { createPipeline } from '../pipeline.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, CHANGED, block } from '../verdict.ts';
import { createPolicyStage } from './policy-stage.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const allow: PolicyOutcome = { kind: 'allow', fuel: 1, payload: undefined, headers: [] };

function check(fields: Partial<Envelope>, say: (message: PolicyMessage) => PolicyOutcome | undefined) {
  const isThere = say(new Proxy({} as PolicyMessage, { get: () => () => undefined })) !== undefined;
  const instance = isThere ? { check: (message: PolicyMessage) => say(message) ?? allow } : undefined;
  const link: ChainLink = { name: 'p', version: 1, pattern: '*', order: 0, isMeant: () => true, fuel: 9, instance };
  const stage = createPolicyStage({
    isOn: () => true,
    chainOf: (tenant) => (tenant === 'acme' ? [link] : undefined),
    limits: DEFAULT_LIMITS,
    monotonicMs: () => 0,
    onJudged: () => undefined,
    onLog: () => undefined,
  });
  const origin = createTestOrigin({ claim: (name) => (name === 'role' ? 'user' : undefined) });
  const ingress = createTestIngress({ room: 'lab', channel: 'bench', payload: encode('{}'), ...fields }, origin);
  return { stage, ingress, verdict: stage.check(ingress) };
}

describe('the stage of policies', () => {
  it('[WSM-6] tells the words of a policy that refuses, and which one failed', () => {
    const rejected = check({}, () => ({ kind: 'reject', fuel: 1, code: 'C', reason: 'why' }));
    expect(rejected.verdict).toMatchObject({
      code: 'POLICY_BLOCKED',
      errors: [{ field: 'policy/p', problem: 'C: why' }],
    });
    const silent = check({}, () => ({ kind: 'reject', fuel: 1, code: '7', reason: '' }));
    expect(silent.verdict).toMatchObject({ errors: [{ problem: '7' }] });
    expect(check({}, () => ({ kind: 'fault', fuel: 1, fault: 'trap' })).verdict).toMatchObject({
      code: 'POLICY_ERROR',
      reason: 'trap',
    });
    expect(check({}, () => undefined).verdict).toMatchObject({ code: 'POLICY_ERROR', reason: 'missing' });
  });

  it('[WSM-4] shows what is known of a message, and takes another payload and headers', () => {
    const seen: (string | undefined)[] = [];
    const { ingress, verdict } = check({ headers: { 'x-a': '1' } }, (message) => {
      const fields = ['room', 'channel', 'type', 'command', 'content_type', 'sender', 'user', 'tenant', 'no such'];
      seen.splice(0, seen.length, ...fields.map((field) => message.context(field)));
      seen.push(message.header('x-a'), message.header('toString'), message.claim('role'));
      return { ...allow, payload: encode('[1]'), headers: [['x-b', '2']] };
    });
    expect(verdict).toBe(CHANGED);
    expect(seen.slice(0, 5)).toEqual(['lab', 'bench', 'event', '', '']);
    expect(seen.slice(7)).toEqual(['acme', undefined, '1', undefined, 'user']);
    expect([new TextDecoder().decode(ingress.envelope.payload), ingress.envelope.headers]).toEqual([
      '[1]',
      { 'x-a': '1', 'x-b': '2' },
    ]);
  });

  it('[WSM-6] C-06: blocks what is no payload', () => {
    const put = (payload: Uint8Array, fields: Partial<Envelope> = {}) =>
      check(fields, () => ({ ...allow, payload })).verdict;
    expect(put(encode('{"a":'))).toMatchObject({ reason: 'bad_payload' });
    expect(put(new Uint8Array(DEFAULT_LIMITS.maxFrameBytes + 1))).toMatchObject({ reason: 'bad_payload' });
    expect(put(encode('\u00ff'), { contentType: 'image/png' })).toBe(CHANGED);
    const command = { type: 'command', command: 'presence', args: encode('{}') } as const;
    expect(put(encode('[1]'), command)).toMatchObject({ reason: 'bad_payload' });
    expect(put(encode(' {"a":1}'), command)).toBe(CHANGED);
  });

  it('[SAF-3] judges arguments of commands, but none of administrators, and no credentials', () => {
    const judged = (command: string): string =>
      check({ type: 'command', command }, () => ({ kind: 'fault', fuel: 1, fault: 'trap' })).verdict.kind;
    expect(['presence', 'op.policy.unbind', 'refresh', 'unknown'].map(judged)).toEqual([
      'block',
      'allow',
      'allow',
      'allow',
    ]);
  });
});

describe('what a stage has changed', () => {
  const stage = (name: Stage['name'], more: Partial<Stage>): Stage => ({ name, check: () => ALLOW, ...more });
  const run = (stages: readonly Stage[]) =>
    createPipeline(stages, { metrics: createMetrics(), monotonicMs: () => 0, onStageError: () => 'id' })(
      createTestIngress({}),
    );

  it('[SAF-6] passes those before it that look at content once more, and no others', () => {
    const changer = stage('policy', { check: () => CHANGED, recheck: () => block('POLICY_ERROR', 'itself') });
    expect(run([stage('casil', { recheck: () => ALLOW }), changer])).toEqual({ kind: 'allow' });
    expect(run([stage('decode', {}), changer, stage('stamp', {})])).toEqual({ kind: 'allow' });
    const refused = run([stage('casil', { recheck: () => block('CASIL_POLICY_BLOCKED_SECRET', 'secret') }), changer]);
    expect(refused).toMatchObject({ stage: 'casil', code: 'CASIL_POLICY_BLOCKED_SECRET' });
    expect(run([stage('casil', { recheck: () => CHANGED }), changer])).toMatchObject({
      stage: 'casil',
      reason: 'second_change',
    });
  });
});
