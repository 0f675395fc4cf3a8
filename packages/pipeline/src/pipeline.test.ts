import { createMetrics } from '@arqonbus/telemetry';
import type { Metrics } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { createTestIngress } from './ingress-rig.ts';
import { createPipeline } from './pipeline.ts';
import type { Pipeline } from './pipeline.ts';
import type { Stage, StageName } from './stage.ts';
import { ALLOW, CHANGED, block } from './verdict.ts';
import type { Verdict } from './verdict.ts';

interface Rig {
  readonly run: Pipeline;
  readonly metrics: Metrics;
  readonly visited: StageName[];
  readonly errors: { readonly stage: StageName; readonly error: unknown }[];
}

function createRig(checks: Partial<Record<StageName, () => Verdict>>): Rig {
  const metrics = createMetrics();
  const visited: StageName[] = [];
  const errors: Rig['errors'] = [];
  const stages = (['rate', 'decode', 'validate', 'authorize', 'stamp'] as const).map((name): Stage => ({
    name,
    check: () => {
      visited.push(name);
      return checks[name]?.() ?? ALLOW;
    },
  }));
  let clockMs = 0;
  const run = createPipeline(stages, {
    metrics,
    monotonicMs: () => (clockMs += 0.5),
    onStageError: (stage, error) => {
      errors.push({ stage, error });
      return '4bf92f3577b34da6a3ce929d0e0e4736';
    },
  });
  return { run, metrics, visited, errors };
}

describe('the pipeline', () => {
  it.each([
    [ALLOW, 1],
    [CHANGED, undefined],
  ] as const)('[CAS-12] [SAF-6] after %o of a later stage views number %s', (verdict, count) => {
    const rig = createRig({ authorize: () => verdict });
    const views = [{ entries: ['role:moderator=*'], payload: new TextEncoder().encode('"in full"') }];
    const ingress = { ...createTestIngress({}), views };
    expect(rig.run(ingress)).toEqual({ kind: 'allow' });
    expect(ingress.views?.length).toBe(count);
  });

  it('[SAF-3] runs every stage in order and lets the message through', () => {
    const rig = createRig({});
    expect(rig.run(createTestIngress({}))).toEqual({ kind: 'allow' });
    expect(rig.visited).toEqual(['rate', 'decode', 'validate', 'authorize', 'stamp']);
  });

  it('[SAF-2] ends with the first block, and tells which stage said no', () => {
    const rig = createRig({
      validate: () => block('VALIDATION_ERROR', 'no_target', [{ field: 'room', problem: 'is required' }], 250),
      authorize: () => block('AUTHORIZATION_ERROR', 'publish'),
    });
    expect(rig.run(createTestIngress({}))).toEqual({
      kind: 'block',
      stage: 'validate',
      code: 'VALIDATION_ERROR',
      reason: 'no_target',
      errors: [{ field: 'room', problem: 'is required' }],
      retryAfterMs: 250,
      traceId: '',
    });
    expect(rig.visited).toEqual(['rate', 'decode', 'validate']);
  });

  it('[SAF-1] [PRD-6] blocks when a stage throws, names the stage and says nothing of the exception', () => {
    const boom = new TypeError('password=hunter2 is not a function');
    const rig = createRig({
      authorize: () => {
        throw boom;
      },
    });
    const outcome = rig.run(createTestIngress({}));
    expect(outcome).toMatchObject({
      kind: 'block',
      stage: 'authorize',
      code: 'INTERNAL_ERROR',
      reason: 'authorize_failed',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    });
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
    expect(rig.errors).toEqual([{ stage: 'authorize', error: boom }]);
    expect(rig.visited).not.toContain('stamp');
  });

  it('[SAF-5] counts blocks by stage and reason', () => {
    const reasons = ['messages', 'messages', 'tenant_bytes'];
    const rig = createRig({ rate: () => block('RATE_LIMITED', reasons.shift() ?? 'none') });
    for (let i = 0; i < 3; i++) rig.run(createTestIngress({ room: 'science', channel: 'general' }));
    const text = rig.metrics.render();
    expect(text).toContain('arqonbus_stage_blocks_total{reason="messages",stage="rate"} 2');
    expect(text).toContain('arqonbus_stage_blocks_total{reason="tenant_bytes",stage="rate"} 1');
    expect(text).not.toContain('science');
  });

  it('[SAF-5] counts what each stage let through', () => {
    const verdicts = [ALLOW, block('VALIDATION_ERROR', 'no_target'), ALLOW];
    const rig = createRig({ validate: () => verdicts.shift() ?? ALLOW });
    for (let i = 0; i < 3; i++) rig.run(createTestIngress({}));
    const text = rig.metrics.render();
    expect(text).toContain('arqonbus_stage_passed_total{stage="decode"} 3');
    expect(text).toContain('arqonbus_stage_passed_total{stage="validate"} 2');
    expect(text).toContain('arqonbus_stage_passed_total{stage="stamp"} 2');
  });

  it('[SAF-5] takes the duration of every stage for one message in 64', () => {
    const rig = createRig({});
    for (let i = 0; i < 63; i++) rig.run(createTestIngress({}));
    expect(rig.metrics.render()).toContain('arqonbus_stage_duration_seconds_count{stage="stamp"} 0');
    for (let i = 0; i < 65; i++) rig.run(createTestIngress({}));
    const text = rig.metrics.render();
    expect(text).toContain('arqonbus_stage_duration_seconds_count{stage="stamp"} 2');
    expect(text).toContain('arqonbus_stage_duration_seconds_sum{stage="stamp"} 0.001');
  });

  it('[SAF-4] has no step for a stage that is not in the list', () => {
    const run = createPipeline([], { metrics: createMetrics(), monotonicMs: () => 0, onStageError: () => '' });
    expect(run(createTestIngress({}))).toEqual({ kind: 'allow' });
  });

  it('[SAF-4] [PRD-7] a stage that is switched off is not in the list, and what it let through counts while it is on', () => {
    const metrics = createMetrics();
    const visited: StageName[] = [];
    let isOn = false;
    let tell = (): void => undefined;
    const visit = (name: StageName): Stage => ({
      name,
      check: () => {
        visited.push(name);
        return ALLOW;
      },
    });
    const run = createPipeline([visit('decode'), { ...visit('casil'), isOn: () => isOn }, visit('stamp')], {
      metrics,
      monotonicMs: () => 0,
      onStageError: () => '',
      onSwitch: (listener) => (tell = listener),
    });
    run(createTestIngress({}));
    isOn = true;
    // Nobody asks a stage for every message whether it is on.
    run(createTestIngress({}));
    expect(visited).not.toContain('casil');
    tell();
    run(createTestIngress({}));
    expect(visited.slice(-3)).toEqual(['decode', 'casil', 'stamp']);
    isOn = false;
    tell();
    run(createTestIngress({}));
    expect(visited.filter((name) => name === 'casil')).toHaveLength(1);
    const text = metrics.render();
    expect(text).toContain('arqonbus_stage_passed_total{stage="casil"} 1');
    expect(text).toContain('arqonbus_stage_passed_total{stage="stamp"} 4');
  });
});
