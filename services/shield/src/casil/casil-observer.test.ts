import { DEFAULT_CASIL_SETTINGS, createCasilPolicy, inspectEnvelope } from '@arqonbus/casil';
import type { CasilPolicy, CasilSettings } from '@arqonbus/casil';
import { createEnvelope } from '@arqonbus/protocol';
import type { ClientId, Envelope, TenantId, UserId } from '@arqonbus/protocol';
import type { Ingress } from '@arqonbus/pipeline';
import { createLogger, createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { createCasilObserver } from './casil-observer.ts';

const awsKey = ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('');

function policyWith(changes: Partial<CasilSettings>): CasilPolicy {
  const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, enabled: true, mode: 'enforce', ...changes });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.policy;
}

function createRig(changes: Partial<CasilSettings> = {}) {
  const policy = policyWith(changes);
  const metrics = createMetrics();
  const decisions: { readonly place: object; readonly decision: object }[] = [];
  const summaries: (readonly [string, object])[] = [];
  const lines: string[] = [];
  let nowMs = 0;
  const observer = createCasilObserver({
    activity: {
      casilDecision: (_, place, decision) => void decisions.push({ place, decision }),
      casilSummary: (tenant, summary) => void summaries.push([tenant, summary]),
    },
    metrics,
    logger: createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
    monotonicMs: () => nowMs,
  });
  const send = (payload: unknown, fields: Partial<Envelope> = {}, tenant = 'acme'): void => {
    const envelope = { ...createEnvelope('event'), room: 'lab', channel: 'bench', ...fields };
    envelope.payload = new TextEncoder().encode(JSON.stringify(payload));
    const origin = { tenant: tenant as TenantId, clientId: 'n0a1_7' as ClientId, user: 'alice' as UserId };
    observer.decided({ origin, envelope } as unknown as Ingress, inspectEnvelope(envelope, policy), policy);
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    observer.watch();
  };
  return { send, pass, metrics, decisions, summaries, lines };
}

describe('what CASIL decides', () => {
  it('[CAS-10] [TEL-4] is told where something was found, by detectors and never by content', () => {
    const { send, decisions, lines } = createRig();
    send({ text: `use ${awsKey}` });
    send({ text: 'clean' });
    expect(decisions).toEqual([
      {
        place: { room: 'lab', channel: 'bench' },
        decision: {
          kind: 'data',
          risk_level: 'high',
          flags: ['contains_probable_secret'],
          reason_code: 'CASIL_POLICY_BLOCKED_SECRET',
          decision: 'BLOCK',
          detectors: ['aws_access_key_id'],
        },
      },
    ]);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { event: 'casil_decision', tenant: 'acme' },
    ]);
    expect(JSON.stringify([decisions, lines])).not.toContain(awsKey);
  });

  it('[CAS-10] does not tell a name that holds what it must not', () => {
    const { send, decisions, summaries, pass, lines } = createRig();
    send({}, { room: awsKey });
    send({}, { channel: awsKey });
    pass(60_000);
    expect(decisions.map(({ place }) => place)).toEqual([
      { room: '?', channel: 'bench' },
      { room: 'lab', channel: '?' },
    ]);
    expect(JSON.stringify([decisions, summaries, lines])).not.toContain(awsKey);
  });

  it('[CAS-6] [PRT-26] is not told of channels that are not to be observed, nor of reserved rooms, but counted', () => {
    const { send, decisions, lines, metrics, summaries, pass } = createRig({ neverLogPayloadFor: ['clinic:*'] });
    send({ awsKey }, { room: 'clinic', channel: 'ward' });
    send({ awsKey }, { room: 'integriguard', channel: 'x' });
    pass(60_000);
    expect([decisions, lines]).toEqual([[], []]);
    expect(metrics.render()).toContain('arqonbus_casil_findings_total{detector="aws_access_key_id"} 2');
    expect(summaries).toMatchObject([['acme', { blocked: 2, top_channels: [] }]]);
  });

  it('[CAS-1] [CAS-10] is counted and not told of what is out of scope', () => {
    const { send, decisions, lines, metrics } = createRig({ scopeInclude: ['elsewhere:*'] });
    send({ text: `use ${awsKey}` });
    expect(decisions).toEqual([]);
    expect(lines).toEqual([]);
    expect(metrics.render()).toContain('arqonbus_casil_decisions_total{reason="CASIL_OUT_OF_SCOPE"} 1');
  });

  it('[CAS-10] stays out of telemetry and logs where the settings say so', () => {
    const { send, decisions, lines } = createRig({ metadataToTelemetry: false, metadataToLogs: false });
    send({ awsKey });
    expect([decisions, lines]).toEqual([[], []]);
  });

  it('[CAS-10] [TEL-2] is counted by reason, outcome and detector, and by no name', () => {
    const { send, metrics } = createRig();
    send({ awsKey });
    send({ password: 'x1', card: '4111 1111 1111 1111' });
    send({ text: 'clean' });
    const text = metrics.render();
    for (const line of [
      'arqonbus_casil_decisions_total{reason="CASIL_POLICY_BLOCKED_SECRET"} 1',
      'arqonbus_casil_decisions_total{reason="CASIL_POLICY_REDACTED"} 1',
      'arqonbus_casil_decisions_total{reason="CASIL_POLICY_ALLOWED"} 1',
      'arqonbus_casil_decisions_total{reason="CASIL_OUT_OF_SCOPE"} 0',
      'arqonbus_casil_outcomes_total{outcome="BLOCK"} 1',
      'arqonbus_casil_findings_total{detector="card_number"} 1',
      'arqonbus_casil_findings_total{detector="redaction_path"} 1',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain('lab');
  });

  it('[CAS-10] is summed up by tenant once a minute, with the channels in which most was found', () => {
    const { send, pass, summaries } = createRig();
    for (let i = 0; i < 3; i++) send({ awsKey });
    send({ password: 'x1' }, { channel: 'other' });
    send({ text: 'clean' });
    send({ text: 'clean' }, {}, 'globex');
    pass(59_999);
    expect(summaries).toEqual([]);
    pass(1);
    expect(summaries).toEqual([
      [
        'acme',
        {
          inspected: 5,
          allowed: 1,
          redacted: 1,
          blocked: 3,
          reasons: { CASIL_POLICY_BLOCKED_SECRET: 3, CASIL_POLICY_REDACTED: 1, CASIL_POLICY_ALLOWED: 1 },
          top_channels: [
            { channel: 'lab:bench', findings: 3 },
            { channel: 'lab:other', findings: 1 },
          ],
        },
      ],
      ['globex', expect.objectContaining({ inspected: 1, allowed: 1 })],
    ]);
    pass(60_000);
    expect(summaries).toHaveLength(2);
  });
});
