import type { Task } from './task.ts';

/** A task that somebody still has to do something about, as its owner holds it. */
export interface OpenTask {
  task: Task;
  version: number;
  /** Until when its operators may go without a sign of life, by attempt; monotonic. */
  readonly leases: Map<number, number>;
  /** Schemas of operators that its payload does not fit. */
  readonly unfit: Set<string>;
  /** It is being given to somebody. */
  isAssigning: boolean;
  /** The end is being told. */
  isTelling: boolean;
}

/** A task as the store gives it; who works on it has a new lease, as nobody knows how long the old one was. */
export function openTask(task: Task, version: number, leaseUntilMs: number): OpenTask {
  const running = task.runs.filter(({ state }) => state === 'running');
  const leases = new Map(running.map(({ attempt }) => [attempt, leaseUntilMs]));
  return { task, version, leases, unfit: new Set(), isAssigning: false, isTelling: false };
}
