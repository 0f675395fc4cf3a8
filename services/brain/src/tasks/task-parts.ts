import type { Clock, Limits } from '@arqonbus/protocol';
import type { Spine } from '@arqonbus/spine';
import type { TaskStore } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import type { TaskMetrics } from './task-metrics.ts';
import type { TaskSchemas } from './task-schemas.ts';

/** What keeping tasks needs, for all tenants. */
export interface TaskParts {
  readonly spine: Spine;
  readonly store: TaskStore;
  readonly schemas: TaskSchemas;
  readonly audit: Audit;
  readonly clock: Clock;
  /** Read each time. */
  readonly limits: Pick<Limits, 'tasksPerTenant' | 'tasksPerGroup' | 'taskBytesPerTenant' | 'operatorsPerGroup'>;
  readonly pageBytes: number;
  readonly settings: TaskSettings;
  readonly metrics: TaskMetrics | undefined;
  readonly nextTaskId: () => string;
  readonly onError: (error: unknown) => void;
}

/** Read each time: they may change at run time. */
export interface TaskSettings {
  /** How long a task may go without a sign of life of its operator. */
  readonly leaseMs: number;
  /** How long tasks that have ended are kept. */
  readonly retentionHours: number;
}

/** The shipped settings. */
export const DEFAULT_TASK_SETTINGS: TaskSettings = { leaseMs: 30_000, retentionHours: 72 };
