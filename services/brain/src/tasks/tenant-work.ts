import type { TenantId } from '@arqonbus/protocol';
import { BusError } from '@arqonbus/protocol';
import type { EndedOperator, OperatorRecord } from '@arqonbus/protocol/spine-messages';
import { Dispatcher } from './dispatcher.ts';
import type { OpenTask } from './open-task.ts';
import { OPERATOR_LEASE_MS } from './operators.ts';
import { expiresAtMs, hasEnded, windowEndsAtMs } from './task.ts';
import type { Task } from './task.ts';
import type { TaskParts } from './task-parts.ts';
import { Teller } from './teller.ts';
import { TenantTasks } from './tenant-tasks.ts';
import { findRun } from './transition.ts';
import type { RunRef } from './transition.ts';

/** The work of one tenant: its tasks, its operators, and who gets what. */
export class TenantWork {
  readonly tasks: TenantTasks;
  readonly teller: Teller;
  readonly #dispatcher: Dispatcher;
  readonly #parts: TaskParts;
  readonly #sinceMs: number;
  #wake: NodeJS.Timeout | undefined;
  #wakesAtMs = Number.POSITIVE_INFINITY;

  constructor(tenant: TenantId, parts: TaskParts) {
    this.#parts = parts;
    this.#sinceMs = parts.clock.monotonicMs();
    this.tasks = new TenantTasks(tenant, parts, (open, before) => this.#onChanged(open, before));
    this.teller = new Teller({ tenant, parts, onToldEnd: ({ task }) => this.tasks.forget(task.taskId) });
    this.#dispatcher = new Dispatcher(this.tasks, this.teller, parts);
  }

  /** True while there is nothing to remember it for. */
  get isIdle(): boolean {
    return this.tasks.size === 0 && this.tasks.operators.size === 0;
  }

  /** Operators are there, newly or still. */
  putOperators(records: readonly OperatorRecord[]): void {
    for (const record of records) this.tasks.operators.put(record);
    this.#dispatcher.pump();
  }

  /** Operators are none any more: what they worked on goes to others, at once. */
  async endOperators(ended: readonly EndedOperator[]): Promise<void> {
    for (const operator of ended) {
      this.tasks.operators.end(operator);
      for (const { task } of this.tasks.open()) {
        const attempts = task.runs
          .filter((run) => run.state === 'running')
          .filter((run) => run.clientId === operator.clientId && run.sessionId === operator.sessionId)
          .map(({ attempt }) => attempt);
        if (attempts.length > 0) await this.#lose(task.taskId, attempts, 'disconnected');
      }
    }
    this.#dispatcher.pump();
  }

  /** A sign of life from whoever works on a task. Throws `CONFLICT` where it has lost it. */
  extendLease({ task, leases }: OpenTask, ref: RunRef): void {
    const run = findRun(task, ref);
    if (run === undefined) throw new BusError('CONFLICT', 'The task is not yours.');
    if (run.state !== 'running') throw new BusError('CONFLICT', 'The lease of this attempt is over.');
    leases.set(run.attempt, this.#parts.clock.monotonicMs() + this.#parts.settings.leaseMs);
  }

  /** Ends what is over; run every second. */
  async tick(): Promise<void> {
    await this.tasks.load();
    this.tasks.operators.sweep();
    for (const open of Array.from(this.tasks.open())) await this.#tend(open);
    await this.teller.flush();
    this.#dispatcher.pump();
  }

  stop(): void {
    clearTimeout(this.#wake);
    this.#dispatcher.stop();
    this.teller.stop();
  }

  #onChanged(open: OpenTask, before: Task | undefined): void {
    const { task } = open;
    const { metrics, clock } = this.#parts;
    if (before !== undefined && hasEnded(task) && !hasEnded(before))
      metrics?.ended(task.state.kind, clock.now() - task.startedAtMs);
    if (before?.state.kind === 'assigned' && task.state.kind === 'queued') metrics?.redelivered();
    this.teller.changed(open, before);
    this.#wakeFor(task);
    this.#dispatcher.pump();
  }

  async #tend(open: OpenTask): Promise<void> {
    const { task } = open;
    const nowMs = this.#parts.clock.now();
    if (hasEnded(task)) return void this.teller.tellEnd(open);
    if (expiresAtMs(task) <= nowMs) await this.tasks.change(task.taskId, { kind: 'expire' });
    else if ((windowEndsAtMs(task) ?? Number.POSITIVE_INFINITY) <= nowMs)
      await this.tasks.change(task.taskId, { kind: 'close_window' });
    else await this.#endLeases(open);
  }

  async #endLeases({ task, leases }: OpenTask): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs();
    const silent = [...leases].filter(([, untilMs]) => untilMs <= nowMs).map(([attempt]) => attempt);
    if (silent.length > 0) await this.#lose(task.taskId, silent, 'lease_expired');
    // Who has just taken over does not know yet who is there.
    if (nowMs - this.#sinceMs < OPERATOR_LEASE_MS) return;
    const gone = task.runs.filter((run) => run.state === 'running' && !this.tasks.operators.has(run));
    if (gone.length > 0)
      await this.#lose(
        task.taskId,
        gone.map(({ attempt }) => attempt),
        'disconnected',
      );
  }

  async #lose(taskId: string, attempts: readonly number[], reason: string): Promise<void> {
    await this.tasks.change(taskId, { kind: 'lose', attempts, reason, isCounted: true });
  }

  /** What is over before the next tick is ended in time. */
  #wakeFor(task: Task): void {
    if (hasEnded(task)) return;
    const dueMs = Math.min(expiresAtMs(task), windowEndsAtMs(task) ?? Number.POSITIVE_INFINITY);
    const afterMs = dueMs - this.#parts.clock.now();
    if (afterMs >= TICK_MS || dueMs >= this.#wakesAtMs) return;
    clearTimeout(this.#wake);
    this.#wakesAtMs = dueMs;
    this.#wake = setTimeout(
      () => {
        this.#wakesAtMs = Number.POSITIVE_INFINITY;
        this.tick().catch(this.#parts.onError);
      },
      Math.max(0, afterMs),
    );
  }
}

const TICK_MS = 1_000;
