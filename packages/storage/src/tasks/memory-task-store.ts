import type { TenantId } from '@arqonbus/protocol';
import type { DeadQuery, StoredTask, TaskStore, VersionedTask } from './task-store.ts';

interface Kept {
  task: StoredTask;
  version: number;
  readonly payload: string;
  isOpen: boolean;
}

/** Tasks in the memory of this process: for development, and gone with it. */
export function createMemoryTaskStore(): TaskStore {
  return new MemoryTaskStore();
}

class MemoryTaskStore implements TaskStore {
  readonly #tenants = new Map<TenantId, Map<string, Kept>>();

  async add(tenant: TenantId, task: StoredTask, payload: string): Promise<VersionedTask> {
    const tasks = this.#of(tenant);
    const { submittedBy, idempotencyKey } = task;
    const known = idempotencyKey === '' ? undefined : this.#withKey(tenant, submittedBy, idempotencyKey);
    if (known !== undefined) return known;
    const kept = { task, version: 1, payload, isOpen: true };
    tasks.set(task.taskId, kept);
    return versioned(kept);
  }

  async get(tenant: TenantId, taskId: string): Promise<VersionedTask | undefined> {
    const kept = this.#of(tenant).get(taskId);
    return kept && versioned(kept);
  }

  async findByKey(tenant: TenantId, submittedBy: string, idempotencyKey: string): Promise<VersionedTask | undefined> {
    return this.#withKey(tenant, submittedBy, idempotencyKey);
  }

  async payload(tenant: TenantId, taskId: string): Promise<string | undefined> {
    return this.#of(tenant).get(taskId)?.payload;
  }

  async replace(tenant: TenantId, task: StoredTask, version: number): Promise<number | undefined> {
    const kept = this.#of(tenant).get(task.taskId);
    if (kept === undefined || kept.version !== version) return undefined;
    kept.task = task;
    kept.version += 1;
    kept.isOpen = true;
    return kept.version;
  }

  async listOpen(tenant: TenantId): Promise<readonly VersionedTask[]> {
    return this.#sorted(tenant, ({ isOpen }) => isOpen);
  }

  async close(tenant: TenantId, taskIds: readonly string[]): Promise<void> {
    for (const taskId of taskIds) {
      const kept = this.#of(tenant).get(taskId);
      if (kept?.task.endedAtMs !== undefined) kept.isOpen = false;
    }
  }

  async listDead(tenant: TenantId, { group, after, limit }: DeadQuery): Promise<readonly VersionedTask[]> {
    const isWanted = ({ task }: Kept): boolean =>
      task.isDead && task.taskId > after && (group === '' || task.group === group);
    return this.#sorted(tenant, isWanted).slice(0, limit);
  }

  async removeEnded(tenant: TenantId, beforeMs: number): Promise<void> {
    const tasks = this.#of(tenant);
    for (const { task } of tasks.values()) {
      if (task.endedAtMs !== undefined && task.endedAtMs < beforeMs) tasks.delete(task.taskId);
    }
  }

  async tenants(): Promise<readonly TenantId[]> {
    return [...this.#tenants].filter(([, tasks]) => tasks.size > 0).map(([tenant]) => tenant);
  }

  #of(tenant: TenantId): Map<string, Kept> {
    const known = this.#tenants.get(tenant) ?? new Map<string, Kept>();
    this.#tenants.set(tenant, known);
    return known;
  }

  #withKey(tenant: TenantId, submittedBy: string, idempotencyKey: string): VersionedTask | undefined {
    for (const kept of this.#of(tenant).values()) {
      const { task } = kept;
      if (task.submittedBy === submittedBy && task.idempotencyKey === idempotencyKey) return versioned(kept);
    }
    return undefined;
  }

  #sorted(tenant: TenantId, isWanted: (kept: Kept) => boolean): VersionedTask[] {
    const found = [...this.#of(tenant).values()].filter(isWanted);
    return found.toSorted((a, b) => (a.task.taskId < b.task.taskId ? -1 : 1)).map(versioned);
  }
}

function versioned({ task, version }: Kept): VersionedTask {
  return { task, version };
}
