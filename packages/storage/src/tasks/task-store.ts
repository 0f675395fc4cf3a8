import type { TenantId } from '@arqonbus/protocol';

/** A task as it is stored. What its owner alone reads lies in `record`; the rest is what stores look for. */
export interface StoredTask {
  /** Sorts by the time of its making. */
  readonly taskId: string;
  /** The group that it is for; '' = whoever has a capability. */
  readonly group: string;
  readonly submittedBy: string;
  /** The submitter's own; '' = none. */
  readonly idempotencyKey: string;
  /** Wall time, ms. */
  readonly createdAtMs: number;
  /** Undefined while it is waited for or worked on. */
  readonly endedAtMs: number | undefined;
  /** It ended without a result, and may be tried again. */
  readonly isDead: boolean;
  /** A text of JSON. */
  readonly record: string;
}

/** A task with the number of its last change. */
export interface VersionedTask {
  readonly task: StoredTask;
  readonly version: number;
}

/** What a list of dead tasks is cut by; they are in the order of their ids. */
export interface DeadQuery {
  /** '' = of all groups. */
  readonly group: string;
  /** The id to begin after; '' = from the start. */
  readonly after: string;
  readonly limit: number;
}

/**
 * The truth about tasks (OPR-3). No call of one tenant sees or touches another's (PRD-4). Of two that change one task at
 * once, one wins and the other is told so: that is what keeps a result from being recorded twice, whoever believes to
 * own the tenant (BRN-1). Throws `UNAVAILABLE` while the store cannot be used.
 */
export interface TaskStore {
  /**
   * Adds a task with the payload that operators get, a text of JSON. Where the submitter has used the idempotency key
   * before, gives the task of then and adds nothing.
   */
  add(tenant: TenantId, task: StoredTask, payload: string): Promise<VersionedTask>;
  get(tenant: TenantId, taskId: string): Promise<VersionedTask | undefined>;
  /** The task for which a submitter has used an idempotency key; undefined = it has not. */
  findByKey(tenant: TenantId, submittedBy: string, idempotencyKey: string): Promise<VersionedTask | undefined>;
  payload(tenant: TenantId, taskId: string): Promise<string | undefined>;
  /** Puts the task in the place of the one with this version, and gives the new one; undefined = it has another by now. */
  replace(tenant: TenantId, task: StoredTask, version: number): Promise<number | undefined>;
  /** Those that somebody still has to do something about: they have not ended, or nobody was told of their end. */
  listOpen(tenant: TenantId): Promise<readonly VersionedTask[]>;
  /** Of those that have ended: whoever waited for them knows, or is gone for good. */
  close(tenant: TenantId, taskIds: readonly string[]): Promise<void>;
  listDead(tenant: TenantId, query: DeadQuery): Promise<readonly VersionedTask[]>;
  /** Removes what ended before this time. */
  removeEnded(tenant: TenantId, beforeMs: number): Promise<void>;
  /** The tenants that may have tasks. */
  tenants(): Promise<readonly TenantId[]>;
}
