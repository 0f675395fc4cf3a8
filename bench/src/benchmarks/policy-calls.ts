import { createPolicyStage } from '@arqonbus/pipeline';
import type { Stage } from '@arqonbus/pipeline';
import { MAX_FUEL, PolicyInstance, loadPolicy, placePredicate } from '@arqonbus/policy';
import { policyOf, refuseByte, wat } from '@arqonbus/policy/testing';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { jsonRecord } from '../harness/event-payloads.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { stageChain } from '../harness/stage-chain.ts';
import { differenceOf, spreadOf } from '../harness/statistics.ts';
import { cpuTimeOfRun } from '../harness/time-of-run.ts';

const SAMPLE_MS = 100;
const WARM_UP_MS = 400;
const SIZES_BYTES = [256, 1_024, 16_384] as const;
/** What a policy that scans 1 KiB may cost, fuel and all (WSM-8). */
const BUDGET_MICROS = 5;

/** What one policy costs in the chain of stages, in CPU time of one process (WSM-8, SAF-4). */
export const policyCalls: Benchmark = {
  name: 'policy',
  title: 'Policies: CPU time in a chain of stages for one message, in one process',
  run: runPolicyCalls,
};

const WITHOUT = 'a chain without the stage';
const SCAN = 'scans every byte';

async function runPolicyCalls(options: RunOptions): Promise<BenchmarkResult> {
  const rows: Cell[][] = [];
  const verdicts: string[] = [];
  const policies = await createPolicies();
  for (const bytes of SIZES_BYTES) {
    const payload = new TextEncoder().encode(jsonRecord(bytes));
    const contenders = policies.map(({ name, stages }) => ({ name, run: stageChain(stages, payload, '') }));
    for (const { run } of contenders) cpuTimeOfRun(run, WARM_UP_MS);
    const samples = await pairedRuns(contenders, options.rounds, async ({ run }) => cpuTimeOfRun(run, SAMPLE_MS));
    const without = samples.get(WITHOUT) ?? [];
    for (const [name, own] of samples) {
      rows.push([String(payload.length), name, spreadOf(own), differenceOf(own, without)]);
    }
    if (bytes !== 1_024) continue;
    const { median } = differenceOf(samples.get(SCAN) ?? [], without);
    const outcome = median < BUDGET_MICROS ? 'kept' : 'MISSED';
    verdicts.push(`WSM-8: a scan of 1 KiB takes ${median.toFixed(2)} µs of ${BUDGET_MICROS}: ${outcome}.`);
  }
  return { columns: ['payload B', 'policy', 'CPU µs', 'beyond none'], rows, verdicts };
}

interface Contender {
  readonly name: string;
  readonly stages: readonly Stage[];
}

async function createPolicies(): Promise<readonly Contender[]> {
  const scan = wat(refuseByte('~'.charCodeAt(0)));
  const nothing = wat(policyOf('(i32.const 0)'));
  return [
    { name: WITHOUT, stages: [] },
    { name: 'the stage, switched off', stages: [await policyStage(scan, '*', false)] },
    { name: 'bound elsewhere', stages: [await policyStage(scan, 'elsewhere:*')] },
    { name: 'looks at nothing', stages: [await policyStage(nothing)] },
    { name: SCAN, stages: [await policyStage(scan)] },
    { name: 'scans four bytes at a time', stages: [await policyStage(wat(scanWords()))] },
  ];
}

async function policyStage(wasm: Uint8Array, pattern = '*', isOn = true): Promise<Stage> {
  const loaded = await loadPolicy(wasm);
  if (!loaded.ok) throw new Error(loaded.refusal.message);
  const place = { name: 'bench', version: 1, pattern, order: 0, isMeant: placePredicate(pattern), fuel: MAX_FUEL };
  const chain = [{ ...place, instance: new PolicyInstance(loaded.module) }];
  return createPolicyStage({
    isOn: () => isOn,
    chainOf: () => chain,
    limits: DEFAULT_LIMITS,
    monotonicMs: () => performance.now(),
    onJudged: () => undefined,
    onLog: () => undefined,
  });
}

/** A policy that reads words of its payload and adds them up. */
function scanWords(): string {
  const loop = `(local $sum i32)
    (block $done (loop $next
      (br_if $done (i32.lt_s (local.get $len) (i32.const 4)))
      (local.set $sum (i32.xor (local.get $sum) (i32.load (local.get $ptr))))
      (local.set $ptr (i32.add (local.get $ptr) (i32.const 4)))
      (local.set $len (i32.sub (local.get $len) (i32.const 4)))
      (br $next)))
    (i32.eq (local.get $sum) (i32.const -1))`;
  return policyOf(loop);
}
