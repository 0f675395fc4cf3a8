import type { TenantId } from '@arqonbus/protocol';
import type { OpenTask } from './open-task.ts';
import { hasEnded } from './task.ts';
import type { Run, Task } from './task.ts';
import { orderOf, partialOf, progressOf, statusOf, tellClient, withdrawalOf } from './task-notices.ts';
import type { TaskParts } from './task-parts.ts';

/** A submitter that is lost may come back for so long as the same client (PRT-7). */
const GIVE_UP_MS = 130_000;

/** What telling needs from around it. */
export interface TellerOptions {
  readonly tenant: TenantId;
  readonly parts: TaskParts;
  /** The task is over, and whoever waited for it knows. */
  readonly onToldEnd: (open: OpenTask) => void;
}

/**
 * Tells operators what to do and submitters what came of it, each on its own connection, wherever it is (OPR-2). The end of
 * a task is told until the submitter has it, or cannot come back any more; whatever comes before is told once.
 */
export class Teller {
  readonly #options: TellerOptions;
  #toClose: string[] = [];
  #isStopped = false;

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  /** Gives a run to its operator; false = it could not be reached. */
  order(task: Task, run: Run, payload: string): Promise<boolean> {
    return this.#tell(run.clientId, orderOf(task, run, this.#options.parts.settings.leaseMs, payload));
  }

  progress(task: Task, run: Run, payload: string): void {
    void this.#tell(task.clientId, progressOf(task, run, payload));
  }

  /** Tells everybody whom it concerns that the task has changed. */
  changed(open: OpenTask, before: Task | undefined): void {
    const { task } = open;
    if (before !== undefined) this.#withdraw(task, before);
    if (hasEnded(task)) void this.tellEnd(open);
    else if (before !== undefined) {
      if (before.state.kind !== task.state.kind) void this.#tell(task.clientId, statusOf(task));
      if (task.strategy === 'broadcast') {
        for (const run of newlyIn('done', task, before)) void this.#tell(task.clientId, partialOf(task, run));
      }
    }
  }

  /** Tells the end, unless that is being done. */
  async tellEnd(open: OpenTask): Promise<void> {
    const { task } = open;
    if (open.isTelling || !hasEnded(task)) return;
    open.isTelling = true;
    const isTold = (await this.#tell(task.clientId, statusOf(task))) || this.#isGivenUp(task);
    open.isTelling = false;
    // An administrator may have had it tried again meanwhile.
    if (!isTold || this.#isStopped || open.task !== task) return;
    this.#toClose.push(task.taskId);
    this.#options.onToldEnd(open);
  }

  /** Notes in the store which ends are known; together, as there may be many. */
  async flush(): Promise<void> {
    const ids = this.#toClose;
    if (ids.length === 0) return;
    this.#toClose = [];
    try {
      await this.#options.parts.store.close(this.#options.tenant, ids);
    } catch (error) {
      // Where this is forgotten, the submitter is told twice.
      this.#toClose = [...ids, ...this.#toClose];
      throw error;
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Tells operators whose work counts no more. Who is gone does not hear it. */
  #withdraw(task: Task, before: Task): void {
    for (const run of newlyIn('lost', task, before)) void this.#tell(run.clientId, withdrawalOf(task, run));
  }

  #isGivenUp({ state }: Task): boolean {
    return 'atMs' in state && this.#options.parts.clock.now() - state.atMs > GIVE_UP_MS;
  }

  async #tell(clientId: string, payload: string): Promise<boolean> {
    if (this.#isStopped) return false;
    if (clientId === '') return true;
    const { parts, tenant } = this.#options;
    try {
      return await tellClient(parts.spine, tenant, clientId, payload);
    } catch (error) {
      parts.onError(error);
      return false;
    }
  }
}

function newlyIn(state: Run['state'], task: Task, before: Task): readonly Run[] {
  const known = new Set(before.runs.filter((run) => run.state === state).map(({ attempt }) => attempt));
  return task.runs.filter((run) => run.state === state && !known.has(run.attempt));
}
