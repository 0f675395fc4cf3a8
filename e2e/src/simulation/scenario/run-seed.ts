import { createHash } from 'node:crypto';
import { SeededRandom, checkHistory } from '@arqonbus/testkit';
import type { History, Violation } from '@arqonbus/testkit';
import { Recorder } from '../../recording/recorder.ts';
import { Network } from '../sockets/network.ts';
import { createRepeatFrames } from '../sockets/repeat-frames.ts';
import { Faults } from '../spine/faults.ts';
import { Hub } from '../spine/hub.ts';
import { installTime } from '../time/install-time.ts';
import { VirtualTime } from '../time/virtual-time.ts';
import type { Parts } from './parts.ts';
import { SOUND } from './parts.ts';
import { CALM_MS, PROCESSES, createPlan } from './plan.ts';
import type { Plan } from './plan.ts';
import { ProcessSet } from './process-set.ts';
import { Run } from './run.ts';
import { SimulatedClient } from './simulated-client.ts';
import { createSimulationConfig } from './simulation-config.ts';

/** What came of a run. */
export interface Outcome {
  readonly seed: number;
  readonly history: History;
  /** Of all that clients did and saw: the same seed, the same hash. */
  readonly hash: string;
  readonly violations: readonly Violation[];
  /** What went wrong that clients did not see: what handlers threw, clients that did not come back. */
  readonly faults: readonly string[];
  /** What processes warned of. */
  readonly lines: readonly string[];
  readonly plan: Plan;
  /** Events of the simulation. */
  readonly steps: number;
}

/** How long clients may take to be where they want to be once all is well. */
const MAX_SETTLE_MS = 120_000;
const STEP_MS = 500;
/** What is on its way then has arrived. */
const LAST_MS = 2_500;

/** Runs one seed, with other parts in the place of sound ones where they are given, and judges its history. */
export async function runSeed(seed: number, parts: Parts = SOUND): Promise<Outcome> {
  const random = new SeededRandom(seed);
  const plan = createPlan(random.fork());
  const time = new VirtualTime();
  const restore = installTime(time, random.fork());
  const { stackTraceLimit } = Error;
  // Refusals are errors, and there are many: their stacks would be a tenth of the whole time.
  Error.stackTraceLimit = 2;
  try {
    return await runPlan(seed, plan, { time, random, parts });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    restore();
  }
}

interface Given {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly parts: Parts;
}

async function runPlan(seed: number, plan: Plan, { time, random, parts }: Given): Promise<Outcome> {
  const config = createSimulationConfig();
  const hub = new Hub(time, random.fork(), config);
  const networkRandom = random.fork();
  const faults = new Faults(plan.rates, random.fork());
  const repeatFrames = createRepeatFrames(faults, new SeededRandom(~seed));
  const network = new Network(time, networkRandom, parts.frames(repeatFrames));
  const lines: string[] = [];
  const { delays } = plan;
  const set = new ProcessSet(PROCESSES, { time, random, hub, network, faults, delays, config, parts, lines });
  const recorder = new Recorder(() => time.nowMs);
  const clients = plan.personas.map((persona) => new SimulatedClient(persona, network, recorder, random.fork()));
  const run = new Run(time, hub, set, clients, recorder);
  run.start(plan);
  await time.runUntil(CALM_MS);
  faults.isOn = false;
  run.mend();
  await settle(time, run);
  run.publishLast();
  await time.runUntil(time.nowMs + LAST_MS);
  const history = { clients: recorder.clients, events: recorder.events };
  const hash = createHash('sha256').update(JSON.stringify(recorder.events)).digest('hex');
  const errors = time.errors.map((error) => (error instanceof Error ? String(error.stack) : String(error)));
  return {
    seed,
    history,
    hash,
    violations: checkHistory(history),
    faults: [...errors, ...run.troubles()],
    lines,
    plan,
    steps: time.events,
  };
}

async function settle(time: VirtualTime, run: Run): Promise<void> {
  const until = time.nowMs + MAX_SETTLE_MS;
  // Every link is back by then.
  await time.runUntil(time.nowMs + 2 * STEP_MS);
  while (time.nowMs < until && run.troubles().length > 0) await time.runUntil(time.nowMs + STEP_MS);
}
