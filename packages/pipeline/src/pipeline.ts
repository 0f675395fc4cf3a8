import type { Histogram, LabelledCounter, Metrics } from '@arqonbus/telemetry';
import type { Ingress } from './ingress.ts';
import type { Stage, StageName } from './stage.ts';
import { ALLOW, block } from './verdict.ts';
import type { Block, Verdict } from './verdict.ts';

/** What the chain said, and which stage said no. */
export type Outcome = { readonly kind: 'allow' } | (Block & { readonly stage: StageName });

const PASSED: Outcome = Object.freeze({ kind: 'allow' });

/** Runs one message through every stage. Never throws. */
export type Pipeline = (ingress: Ingress) => Outcome;

/** What a pipeline needs from around it. */
export interface PipelineOptions {
  readonly metrics: Metrics;
  /** Logs what a stage threw, which is a bug of ours, and gives the id to find it by; the message is blocked (SAF-1). */
  readonly onStageError: (stage: StageName, error: unknown) => string;
  /** A monotonic clock in ms, for durations. */
  readonly monotonicMs: () => number;
  /** Tells whenever a stage may have been switched on or off; absent = none is. */
  readonly onSwitch?: (listener: () => void) => void;
}

/** Durations are taken of one message in this many: two clock reads a stage would cost more than most stages do. */
const TIMED_EVERY = 64;

interface Step {
  readonly stage: Stage;
  /** Messages that came to a stage which can be switched off; the others need no count of their own. */
  seen: number;
  readonly durations: Histogram;
  readonly blocks: LabelledCounter;
}

/**
 * Composes stages into the chain that everything which enters passes (ARC-15). The first block ends it. Each stage
 * exports its verdicts and durations (SAF-5); what it let through is what came in without the blocks up to it, so that
 * letting through counts nothing.
 */
export function createPipeline(stages: readonly Stage[], options: PipelineOptions): Pipeline {
  let runs = 0;
  let untilTimed = TIMED_EVERY;
  const steps: Step[] = [];
  for (const stage of stages) {
    steps.push(createStep(stage, options.metrics));
    const upTo = [...steps];
    options.metrics.counterOf(
      'arqonbus_stage_passed_total',
      'Messages that a stage of the pipeline let through.',
      () => passedOf(upTo, runs),
      { stage: stage.name },
    );
  }
  let active = steps.filter(isOn);
  options.onSwitch?.(() => {
    active = steps.filter(isOn);
  });
  return (ingress) => {
    runs += 1;
    untilTimed -= 1;
    const isTimed = untilTimed === 0;
    if (isTimed) untilTimed = TIMED_EVERY;
    for (const step of active) {
      step.seen += 1;
      const startedMs = isTimed ? options.monotonicMs() : 0;
      const verdict: Verdict = checkSafely(step.stage, ingress, options);
      if (isTimed) step.durations.observe((options.monotonicMs() - startedMs) / 1000);
      if (verdict.kind === 'allow') continue;
      const refused = verdict.kind === 'block' ? { step, verdict } : recheck(step, active, ingress, options);
      if (refused === undefined) continue;
      refused.step.blocks.inc(refused.verdict.reason);
      return { ...refused.verdict, stage: refused.step.stage.name };
    }
    return PASSED;
  };
}

function isOn({ stage }: Step): boolean {
  return stage.isOn === undefined || stage.isOn();
}

/** What the last of these steps let through: what came in without the blocks up to it, where it is never switched off. */
function passedOf(steps: readonly Step[], runs: number): number {
  const last = steps.at(-1);
  if (last?.stage.isOn !== undefined) return last.seen - last.blocks.total();
  return runs - steps.reduce((sum, { blocks }) => sum + blocks.total(), 0);
}

const BUCKETS_SECONDS = [0.000_001, 0.000_002, 0.000_005, 0.000_01, 0.000_05, 0.000_1, 0.001, 0.01];

function createStep(stage: Stage, metrics: Metrics): Step {
  const labels = { stage: stage.name };
  return {
    stage,
    seen: 0,
    durations: metrics.histogram(
      'arqonbus_stage_duration_seconds',
      `Time in a stage of the pipeline, of one message in ${TIMED_EVERY}.`,
      BUCKETS_SECONDS,
      labels,
    ),
    blocks: metrics.labelledCounter(
      'arqonbus_stage_blocks_total',
      'Messages that a stage of the pipeline refused, by reason.',
      'reason',
      { labels },
    ),
  };
}

/** What a stage has changed passes those before it that look at content, once more (SAF-6). */
function recheck(
  changer: Step,
  active: readonly Step[],
  ingress: Ingress,
  options: PipelineOptions,
): { readonly step: Step; readonly verdict: Block } | undefined {
  // What some readers were to see is not what the stage has made of it: it may have taken just that away (CAS-12).
  ingress.views = undefined;
  for (const step of active) {
    if (step === changer) return undefined;
    const verdict = step.stage.recheck === undefined ? ALLOW : checkSafely(step.stage, ingress, options, 'recheck');
    if (verdict.kind === 'block') return { step, verdict };
    if (verdict.kind === 'changed') return { step, verdict: block('POLICY_ERROR', 'second_change') };
  }
  return undefined;
}

function checkSafely(
  stage: Stage,
  ingress: Ingress,
  options: PipelineOptions,
  how: 'check' | 'recheck' = 'check',
): Verdict {
  try {
    return stage[how]?.(ingress) ?? ALLOW;
  } catch (error) {
    const traceId = options.onStageError(stage.name, error);
    return { ...block('INTERNAL_ERROR', `${stage.name}_failed`), traceId };
  }
}
