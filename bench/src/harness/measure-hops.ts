import { cpus } from 'node:os';
import type { Bus, Hop } from './bus.ts';
import { childrenOf, readProcessTimes } from './process-times.ts';
import type { ProcessTimes } from './process-times.ts';

/** CPU time of the processes of a bus over a run, in microseconds, and who had to wait for a core meanwhile. */
export interface HopCosts {
  /** One for each Shield, in order. */
  readonly shieldMicros: readonly number[];
  readonly natsMicros: number;
  readonly brainMicros: number;
  readonly bridgeMicros: number;
  /** With its connections' processes, as far as they live until the end. */
  readonly postgresMicros: number;
  readonly allMicros: number;
  /** Part of the time in which a Shield could have run and had no core, 0 to 1: the mean over the Shields. */
  readonly shieldWaitShare: number;
  /** The same of the load generator. */
  readonly loadWaitShare: number;
  /** Part of the machine's time in which no process at all ran, 0 to 1. */
  readonly machineIdleShare: number;
}

/** Runs something and gives what it gave, with what it cost each hop. */
export async function measureHops<R>(bus: Bus, loadPid: number, run: () => Promise<R>): Promise<R & HopCosts> {
  const pids = [...bus.processes.map(({ pid }) => pid), loadPid];
  const before = pids.map(readProcessTimes);
  const postgresBefore = postgresTimes(bus);
  const idleBefore = machineIdleMs();
  const startedAt = performance.now();
  const result = await run();
  const ms = performance.now() - startedAt;
  const idleMs = machineIdleMs() - idleBefore;
  const spent = pids.map((pid, index) => since(before[index], readProcessTimes(pid)));
  const of = (hop: Hop): ProcessTimes[] => spent.filter((_, index) => bus.processes[index]?.hop === hop);
  const shields = of('shield');
  const postgresMicros = [...postgresTimes(bus)].reduce(
    (sum, [pid, micros]) => sum + micros - (postgresBefore.get(pid) ?? 0),
    0,
  );
  const waitShare = (times: readonly ProcessTimes[]): number =>
    total(times.map(({ waitedMicros }) => waitedMicros)) / times.length / 1_000 / ms;
  return {
    ...result,
    shieldMicros: shields.map(({ cpuMicros }) => cpuMicros),
    natsMicros: total(of('nats').map(({ cpuMicros }) => cpuMicros)),
    brainMicros: total(of('brain').map(({ cpuMicros }) => cpuMicros)),
    bridgeMicros: total(of('bridge').map(({ cpuMicros }) => cpuMicros)),
    postgresMicros,
    allMicros:
      total((['shield', 'nats', 'brain', 'bridge'] as const).flatMap(of).map(({ cpuMicros }) => cpuMicros)) +
      postgresMicros,
    shieldWaitShare: waitShare(shields),
    loadWaitShare: waitShare(spent.slice(-1)),
    machineIdleShare: Math.min(1, idleMs / ms / cpus().length),
  };
}

/** Each connection is a process. */
function postgresTimes({ processes }: Bus): ReadonlyMap<number, number> {
  const parents = processes.filter(({ hop }) => hop === 'postgres').map(({ pid }) => pid);
  const all = parents.flatMap((pid) => [pid, ...childrenOf(pid)]);
  return new Map(all.map((pid) => [pid, readProcessTimes(pid).cpuMicros]));
}

function since(before: ProcessTimes | undefined, after: ProcessTimes): ProcessTimes {
  return {
    cpuMicros: after.cpuMicros - (before?.cpuMicros ?? 0),
    waitedMicros: after.waitedMicros - (before?.waitedMicros ?? 0),
  };
}

function machineIdleMs(): number {
  return total(cpus().map(({ times }) => times.idle));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
