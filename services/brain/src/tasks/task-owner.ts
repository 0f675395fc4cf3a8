import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { tenantPartition } from '@arqonbus/spine';
import type { TaskParts } from './task-parts.ts';
import { TenantWork } from './tenant-work.ts';

/** Another Brain may have taken tasks in while it handed the partition over. */
const SECOND_LOOK_MS = 3_000;
const LOOK_EVERY_MS = 600_000;
const HOUR_MS = 3_600_000;

/** How much work there is in a partition. */
export interface TaskFigures {
  readonly operators: number;
  readonly tasksWaiting: number;
  readonly tasksOpen: number;
}

/** The work of the tenants of one partition, for as long as this Brain owns it. */
export class TaskOwner {
  readonly #partition: number;
  readonly #parts: TaskParts;
  readonly #work = new Map<TenantId, TenantWork>();
  /** How many requests are just using it. */
  readonly #users = new Map<TenantWork, number>();
  #nextLookMs = Number.NEGATIVE_INFINITY;
  #looks = 0;
  #ticking: Promise<void> | undefined;

  constructor(partition: number, parts: TaskParts) {
    this.#partition = partition;
    this.#parts = parts;
  }

  /**
   * Does something with the work of a tenant, once it is known what there is. Until it is done the work is not let go of, idle as it
   * may be: what is put into one that nobody finds any more would wait in vain. Throws `UNAVAILABLE`, and what `run` throws.
   */
  async use<T>(tenant: TenantId, run: (work: TenantWork) => T | Promise<T>): Promise<T> {
    const work = this.#workOf(tenant);
    this.#users.set(work, this.#usersOf(work) + 1);
    try {
      await work.tasks.load();
      return await run(work);
    } finally {
      const left = this.#usersOf(work) - 1;
      if (left > 0) this.#users.set(work, left);
      else this.#users.delete(work);
    }
  }

  /** Ends what is over, one round at a time; run every second. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => {
      this.#ticking = undefined;
    });
    return this.#ticking;
  }

  figures(): TaskFigures {
    const sum = { operators: 0, tasksWaiting: 0, tasksOpen: 0 };
    for (const { tasks } of this.#work.values()) {
      sum.operators += tasks.operators.size;
      sum.tasksWaiting += tasks.queue.size;
      sum.tasksOpen += tasks.size;
    }
    return sum;
  }

  stop(): void {
    for (const work of this.#work.values()) work.stop();
  }

  #usersOf(work: TenantWork): number {
    return this.#users.get(work) ?? 0;
  }

  #workOf(tenant: TenantId): TenantWork {
    const known = this.#work.get(tenant) ?? new TenantWork(tenant, this.#parts);
    this.#work.set(tenant, known);
    return known;
  }

  async #tick(): Promise<void> {
    try {
      await this.#look();
      for (const [tenant, work] of this.#work) {
        await work.tick();
        if (work.isIdle && this.#usersOf(work) === 0) this.#work.delete(tenant);
      }
    } catch (error) {
      // Health tells of a store that is down; the next tick does all of it again.
      if (!(error instanceof BusError)) throw error;
    }
  }

  /** Goes through the tenants of the partition: what they have open is taken up, what ended long ago is removed. */
  async #look(): Promise<void> {
    const { clock, store, settings } = this.#parts;
    if (clock.monotonicMs() < this.#nextLookMs) return;
    const removeBeforeMs = clock.now() - settings.retentionHours * HOUR_MS;
    for (const tenant of await store.tenants()) {
      if (tenantPartition(tenant) !== this.#partition) continue;
      await this.#workOf(tenant).tasks.reload();
      await store.removeEnded(tenant, removeBeforeMs);
    }
    this.#looks += 1;
    this.#nextLookMs = clock.monotonicMs() + (this.#looks === 1 ? SECOND_LOOK_MS : LOOK_EVERY_MS);
  }
}
