import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { VersionedTask } from '@arqonbus/storage';
import { openTask } from './open-task.ts';
import type { OpenTask } from './open-task.ts';
import { OPERATOR_LEASE_MS, Operators } from './operators.ts';
import { hasEnded } from './task.ts';
import type { Task } from './task.ts';
import type { TaskParts } from './task-parts.ts';
import { storedTask, taskOf } from './task-record.ts';
import { TaskQueue } from './task-queue.ts';
import { transition } from './transition.ts';
import type { TaskEvent } from './transition.ts';

/** Told what a change has come to. */
export type OnTaskChanged = (open: OpenTask, before: Task | undefined) => void;

/** Another change was faster so often: nobody else changes one task all the time. */
const MAX_TRIES = 8;

/**
 * The open tasks of a tenant, as the store has them: what is held here is a copy, and every change is made in the store
 * first, by its version. So two Brains that both believe to own the tenant cannot both win (BRN-1), and one that takes
 * over finds everything there.
 */
export class TenantTasks {
  readonly tenant: TenantId;
  readonly operators: Operators;
  readonly queue: TaskQueue = new TaskQueue();
  readonly #parts: TaskParts;
  readonly #open = new Map<string, OpenTask>();
  readonly #onChanged: OnTaskChanged;
  #loading: Promise<void> | undefined;
  #bytes = 0;

  constructor(tenant: TenantId, parts: TaskParts, onChanged: OnTaskChanged) {
    this.tenant = tenant;
    this.#parts = parts;
    this.#onChanged = onChanged;
    this.operators = new Operators(() => parts.clock.monotonicMs());
  }

  /** Bytes of the payloads that are worked on or wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#open.size;
  }

  open(): Iterable<OpenTask> {
    return this.#open.values();
  }

  /** A task that is open; undefined where it is not. */
  held(taskId: string): OpenTask | undefined {
    return this.#open.get(taskId);
  }

  /** Reads what there is, once. Throws `UNAVAILABLE`; then the next caller tries again. */
  load(): Promise<void> {
    this.#loading ??= this.reload().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /** Reads it again: another Brain may have taken something in. */
  async reload(): Promise<void> {
    for (const { task, version } of await this.#parts.store.listOpen(this.tenant)) this.#put(taskOf(task), version);
  }

  /** A task as it is now; undefined where there is none. */
  async find(taskId: string): Promise<OpenTask | undefined> {
    const open = this.#open.get(taskId);
    if (open !== undefined) return open;
    const stored = await this.#parts.store.get(this.tenant, taskId);
    return stored && this.#view(stored);
  }

  /** The same, or `NOT_FOUND`. */
  async require(taskId: string): Promise<OpenTask> {
    const found = await this.find(taskId);
    if (found === undefined) throw new BusError('NOT_FOUND', 'There is no such task.');
    return found;
  }

  /** Adds a task, unless the submitter has used its key before: then it is the one of then. */
  async add(task: Task, payload: string): Promise<Task> {
    const { task: stored, version } = await this.#parts.store.add(this.tenant, storedTask(task), payload);
    const stands = taskOf(stored);
    if (stands.taskId === task.taskId) {
      this.#parts.metrics?.submitted();
      this.#put(stands, version);
    }
    return stands;
  }

  /** Changes a task as the event says; throws `CONFLICT` where that cannot happen to it. Gives it as it is then. */
  async change(taskId: string, event: TaskEvent): Promise<Task> {
    let open = await this.require(taskId);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const outcome = transition(open.task, event, this.#parts.clock.now());
      if (outcome.kind === 'unchanged') return open.task;
      if (outcome.kind === 'refused') throw new BusError('CONFLICT', outcome.reason);
      const version = await this.#parts.store.replace(this.tenant, storedTask(outcome.task), open.version);
      if (version !== undefined) {
        this.#put(outcome.task, version);
        return outcome.task;
      }
      open = await this.#readAgain(taskId);
    }
    throw new BusError('UNAVAILABLE', 'The task is being changed by others.');
  }

  /** Whoever waited for its end knows it: it is no longer held. */
  forget(taskId: string): void {
    this.queue.remove(taskId);
    this.#open.delete(taskId);
  }

  async #readAgain(taskId: string): Promise<OpenTask> {
    const stored = await this.#parts.store.get(this.tenant, taskId);
    if (stored === undefined) throw new BusError('NOT_FOUND', 'There is no such task.');
    const task = taskOf(stored.task);
    if (this.#open.has(taskId)) this.#put(task, stored.version);
    return this.#open.get(taskId) ?? this.#view(stored);
  }

  #view({ task, version }: VersionedTask): OpenTask {
    return openTask(taskOf(task), version, this.#firstLeaseMs());
  }

  /** Takes a version over, unless a newer one is known. */
  #put(task: Task, version: number): void {
    const known = this.#open.get(task.taskId);
    if (known !== undefined && known.version >= version) return;
    const open = known ?? openTask(task, version, this.#firstLeaseMs());
    const before = known?.task;
    Object.assign(open, { task, version });
    this.#open.set(task.taskId, open);
    this.operators.count(before, task);
    this.#bytes += bytesOf(task) - bytesOf(before);
    if (task.state.kind === 'queued') this.queue.add(task);
    else this.queue.remove(task.taskId);
    this.#renewLeases(open);
    this.#onChanged(open, before);
  }

  /** Runs that have begun get a lease, those that have ended lose theirs. */
  #renewLeases({ task, leases }: OpenTask): void {
    const running = new Set(task.runs.filter(({ state }) => state === 'running').map(({ attempt }) => attempt));
    for (const attempt of leases.keys()) if (!running.has(attempt)) leases.delete(attempt);
    const untilMs = this.#firstLeaseMs();
    for (const attempt of running) if (!leases.has(attempt)) leases.set(attempt, untilMs);
  }

  /** Never shorter than it takes to hear of all operators. */
  #firstLeaseMs(): number {
    const { clock, settings } = this.#parts;
    return clock.monotonicMs() + Math.max(settings.leaseMs, OPERATOR_LEASE_MS);
  }
}

function bytesOf(task: Task | undefined): number {
  return task === undefined || hasEnded(task) ? 0 : task.payloadBytes;
}
