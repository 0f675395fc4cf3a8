import { BusError } from '@arqonbus/protocol';
import type { OperatorRecord } from '@arqonbus/protocol/spine-messages';
import type { OpenTask } from './open-task.ts';
import { hasEnded } from './task.ts';
import type { Task } from './task.ts';
import { targetOf } from './task-queue.ts';
import type { TaskParts } from './task-parts.ts';
import type { Teller } from './teller.ts';
import type { TenantTasks } from './tenant-tasks.ts';

/** So many race at the most. */
const MAX_RACERS = 16;
/** So many that nobody may take are passed by in the search for one that somebody may. */
const MAX_PASSED = 64;

/** Gives the waiting tasks of a tenant to its operators (OPR-3). */
export class Dispatcher {
  readonly #tasks: TenantTasks;
  readonly #teller: Teller;
  readonly #parts: TaskParts;
  #isStopped = false;

  constructor(tasks: TenantTasks, teller: Teller, parts: TaskParts) {
    this.#tasks = tasks;
    this.#teller = teller;
    this.#parts = parts;
  }

  /** Gives away what can be given away now. */
  pump(): void {
    const { operators, queue } = this.#tasks;
    if (this.#isStopped || queue.size === 0 || operators.size === 0) return;
    const passed = new Map<string, number>();
    const chosen: { readonly open: OpenTask; readonly takers: readonly OperatorRecord[] }[] = [];
    queue.forEach(queue.targets(), (taskId) => {
      const open = this.#waiting(taskId);
      if (open === undefined) return 'next';
      const takers = this.#choose(open);
      if (takers.length > 0) {
        chosen.push({ open, takers });
        return 'next';
      }
      const target = targetOf(open.task);
      passed.set(target, (passed.get(target) ?? 0) + 1);
      return operators.hasRoomFor(target) && (passed.get(target) ?? 0) < MAX_PASSED ? 'next' : 'done';
    });
    for (const { open, takers } of chosen) void this.#assign(open, takers);
  }

  stop(): void {
    this.#isStopped = true;
  }

  #waiting(taskId: string): OpenTask | undefined {
    const open = this.#tasks.held(taskId);
    return open?.isAssigning === false ? open : undefined;
  }

  /** Takes room at whom it chooses. */
  #choose(open: OpenTask): readonly OperatorRecord[] {
    const takers = this.#takersOf(open);
    open.isAssigning = takers.length > 0;
    for (const { clientId } of takers) this.#tasks.operators.reserve(clientId, 1);
    return takers;
  }

  #takersOf({ task, unfit }: OpenTask): readonly OperatorRecord[] {
    const { operators } = this.#tasks;
    switch (task.strategy) {
      case 'broadcast':
        // It is for everybody, and does not wait for room.
        return operators.all(task, unfit, { isFree: false });
      case 'competing':
        return operators.all(task, unfit, { isFree: true }).slice(0, MAX_RACERS);
      case 'round_robin': {
        const one = operators.pick(task, unfit);
        return one === undefined ? [] : [one];
      }
    }
  }

  async #assign(open: OpenTask, takers: readonly OperatorRecord[]): Promise<void> {
    const { taskId } = open.task;
    let isDone = false;
    try {
      const payload = await this.#parts.store.payload(this.#tasks.tenant, taskId);
      const fitting = payload === undefined ? [] : await this.#fitting(open, takers, Buffer.from(payload));
      // Those that do not fit are known by now: others are looked for.
      if (fitting.length > 0) await this.#give(taskId, fitting, payload ?? '');
      isDone = true;
    } catch (error) {
      // Somebody else has given it away, or it has ended; or the store is away, and the next tick tries again.
      if (!(error instanceof BusError)) this.#parts.onError(error);
    } finally {
      for (const { clientId } of takers) this.#tasks.operators.reserve(clientId, -1);
      open.isAssigning = false;
      if (isDone) this.pump();
    }
  }

  async #fitting(open: OpenTask, takers: readonly OperatorRecord[], payload: Uint8Array): Promise<OperatorRecord[]> {
    const { tenant } = this.#tasks;
    for (const schemaId of new Set(takers.map(({ inputSchema }) => inputSchema))) {
      const violations = await this.#parts.schemas.violations(tenant, schemaId, payload).catch(() => undefined);
      // A schema that is gone, or cannot be read now, is held to nobody.
      if (violations === undefined || violations.length > 0) open.unfit.add(schemaId);
    }
    return takers.filter((taker) => !open.unfit.has(taker.inputSchema) && this.#tasks.operators.has(taker));
  }

  async #give(taskId: string, takers: readonly OperatorRecord[], payload: string): Promise<void> {
    const task = await this.#tasks.change(taskId, { kind: 'assign', takers });
    if (hasEnded(task)) return;
    const mine = new Set(takers.map(({ clientId }) => clientId));
    const runs = task.runs.filter((run) => run.state === 'running' && mine.has(run.clientId));
    await Promise.all(
      runs.map(async (run) => {
        if (await this.#teller.order(task, run, payload)) return;
        await this.#undo(task, run);
      }),
    );
  }

  /** The operator could not be reached: it gets nothing more before it shows itself again, and the task goes to another. */
  async #undo(
    task: Task,
    { attempt, clientId }: { readonly attempt: number; readonly clientId: string },
  ): Promise<void> {
    this.#tasks.operators.suspend(clientId);
    const event = { kind: 'lose', attempts: [attempt], reason: 'unreachable', isCounted: false } as const;
    await this.#tasks.change(task.taskId, event);
  }
}
