import type { Task } from './task.ts';

/** How much earlier each step of priority makes a task. Whatever waits gets its turn: nothing that comes later overtakes it for ever. */
const STEP_MS = 30_000;

/** Whom a task is for: `group:<group>` or `capability:<capability>`. */
export function targetOf({ group, capability }: Pick<Task, 'group' | 'capability'>): string {
  return group === '' ? `capability:${capability}` : `group:${group}`;
}

interface Waiting {
  readonly taskId: string;
  readonly rank: number;
}

/** The tasks of a tenant that wait for an operator, those of each target in the order in which they come up (OPR-3). */
export class TaskQueue {
  readonly #targets = new Map<string, Waiting[]>();
  readonly #ranks = new Map<string, { readonly target: string; readonly rank: number }>();

  get size(): number {
    return this.#ranks.size;
  }

  /** How many wait for this target. */
  sizeOf(target: string): number {
    return this.#targets.get(target)?.length ?? 0;
  }

  targets(): readonly string[] {
    return [...this.#targets.keys()];
  }

  /** Adds a task; one that waits already stays where it is. */
  add(task: Task): void {
    if (this.#ranks.has(task.taskId)) return;
    const target = targetOf(task);
    const waiting: Waiting = { taskId: task.taskId, rank: task.startedAtMs - task.priority * STEP_MS };
    const queue = this.#targets.get(target) ?? [];
    this.#targets.set(target, queue);
    queue.splice(placeOf(queue, waiting), 0, waiting);
    this.#ranks.set(task.taskId, { target, rank: waiting.rank });
  }

  remove(taskId: string): void {
    const known = this.#ranks.get(taskId);
    if (known === undefined) return;
    this.#ranks.delete(taskId);
    const queue = this.#targets.get(known.target) ?? [];
    queue.splice(placeOf(queue, { taskId, rank: known.rank }), 1);
    if (queue.length === 0) this.#targets.delete(known.target);
  }

  /** Goes through what waits for these targets, in the order in which it comes up, until `visit` says that a target is done. */
  forEach(targets: Iterable<string>, visit: (taskId: string) => 'next' | 'done'): void {
    const places = new Map([...targets].map((target) => [target, 0]));
    for (;;) {
      let first: { readonly target: string; readonly waiting: Waiting } | undefined;
      for (const [target, place] of places) {
        const waiting = this.#targets.get(target)?.[place];
        if (waiting === undefined) places.delete(target);
        else if (first === undefined || isBefore(waiting, first.waiting)) first = { target, waiting };
      }
      if (first === undefined) return;
      if (visit(first.waiting.taskId) === 'done') places.delete(first.target);
      else places.set(first.target, (places.get(first.target) ?? 0) + 1);
    }
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.taskId < b.taskId);
}

function placeOf(queue: readonly Waiting[], waiting: Waiting): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(queue[middle] as Waiting, waiting)) low = middle + 1;
    else high = middle;
  }
  return low;
}
