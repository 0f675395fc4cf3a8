import type { ChainLink, PolicyOutcome } from '@arqonbus/policy';
import type { Ingress } from '@arqonbus/pipeline';
import type { TenantId } from '@arqonbus/protocol';
import { createLogger, createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { createPolicyObserver } from './policy-observer.ts';

const link: ChainLink = {
  name: 'filter',
  version: 3,
  pattern: '*',
  order: 0,
  isMeant: () => true,
  instance: undefined,
  fuel: 1,
};
const allow: PolicyOutcome = { kind: 'allow', fuel: 10, payload: undefined, headers: [] };
const fault: PolicyOutcome = { kind: 'fault', fuel: 100, fault: 'trap' };

function start() {
  const metrics = createMetrics();
  const lines: object[] = [];
  const clock = { nowMs: 0 };
  const observer = createPolicyObserver({
    metrics,
    logger: createLogger({
      level: 'info',
      destination: { write: (line) => void lines.push(JSON.parse(line) as object) },
    }),
    monotonicMs: () => clock.nowMs,
    redact: (text) => text.replace('secret', '?'),
  });
  const of = (tenant: string): Ingress => ({ origin: { tenant } }) as unknown as Ingress;
  const judged = (outcome: PolicyOutcome | undefined, startedMs = clock.nowMs, tenant = 'acme'): void =>
    observer.onJudged(of(tenant), link, outcome, startedMs);
  const log = (text: string, tenant = 'acme'): void => observer.onLog(of(tenant), 'warn', text);
  return { metrics, lines, clock, observer, judged, log };
}

describe('what policies say', () => {
  it('[WSM-8] [WSM-2] is counted by module, with its verdicts, fuel and time', () => {
    const { metrics, judged, clock, lines } = start();
    clock.nowMs = 2;
    judged(allow, 0);
    judged({ ...allow, payload: Uint8Array.of(1) });
    judged({ ...allow, headers: [['name', 'value']] });
    judged({ kind: 'reject', fuel: 5, code: 'NO', reason: 'no' });
    expect(lines).toEqual([]);
    judged(fault);
    judged(undefined);
    const text = metrics.render();
    for (const line of [
      'arqonbus_policy_verdicts_total{module="filter",verdict="allow"} 1',
      'arqonbus_policy_verdicts_total{module="filter",verdict="change"} 2',
      'arqonbus_policy_verdicts_total{module="filter",verdict="reject"} 1',
      'arqonbus_policy_verdicts_total{module="filter",verdict="fault"} 1',
      'arqonbus_policy_verdicts_total{module="filter",verdict="missing"} 1',
      'arqonbus_policy_seconds_total{module="filter"} 0.002',
      'arqonbus_policy_fuel_total{module="filter"} 135',
      'arqonbus_policy_duration_seconds_count 6',
      'arqonbus_policy_logs_dropped_total 0',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('[WSM-6] [WSM-8] is logged where it has failed, with the reason', () => {
    const { lines, judged } = start();
    judged(fault);
    judged(undefined);
    const about = { event: 'policy_failed', tenant: 'acme', policy: 'filter', version: 3 };
    expect(lines).toMatchObject([
      { ...about, reason: 'trap' },
      { ...about, reason: 'missing' },
    ]);
  });

  it('[WSM-2] [WSM-8] is counted and logged where it is not asked any more for a while', () => {
    const { lines, metrics, observer } = start();
    for (let n = 0; n < 30; n += 1) observer.suspended('acme' as TenantId, { name: 'filter', version: 3 });
    expect(metrics.render()).toContain('arqonbus_policy_suspensions_total{module="filter"} 30');
    expect(lines).toHaveLength(20);
    expect(lines[0]).toMatchObject({ event: 'policy_suspended', tenant: 'acme', policy: 'filter', version: 3 });
  });

  it('[WSM-4] [CAS-6] is logged without what must not be, so many lines a second of each tenant, and the rest counted', () => {
    const { lines, log, judged, clock, metrics, observer } = start();
    log('a secret');
    expect(lines).toMatchObject([{ event: 'policy_log', tenant: 'acme', level: 'warn', text: 'a ?' }]);
    for (let n = 0; n < 30; n += 1) log('more');
    judged(fault);
    expect(lines).toHaveLength(20);
    expect(metrics.render()).toContain('arqonbus_policy_logs_dropped_total 12');
    log('of another tenant', 'globex');
    expect(lines).toHaveLength(21);
    clock.nowMs = 1_000;
    observer.watch();
    for (let n = 0; n < 30; n += 1) log('later');
    expect(lines).toHaveLength(31);
    clock.nowMs = 60_000;
    observer.watch();
    for (let n = 0; n < 30; n += 1) log('much later');
    expect(lines).toHaveLength(51);
  });
});
