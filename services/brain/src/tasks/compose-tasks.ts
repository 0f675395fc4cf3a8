import { randomFillSync } from 'node:crypto';
import { createMessageIds } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import { createMemoryTaskStore } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import type { BrainOptions } from '../brain.ts';
import { DEFAULT_TASK_SETTINGS } from './task-parts.ts';
import type { TaskParts } from './task-parts.ts';
import { TaskSchemas } from './task-schemas.ts';

/** What keeping tasks needs from around it. */
interface Surroundings {
  readonly limits: Limits;
  readonly audit: Audit;
  readonly onError: (error: unknown) => void;
}

/** Puts together what all partitions keep tasks with. */
export function composeTasks(options: BrainOptions, { limits, audit, onError }: Surroundings): TaskParts {
  const { spine, clock, keyValue, fillRandom = (bytes) => void randomFillSync(bytes) } = options;
  const nextId = createMessageIds(() => clock.now(), fillRandom);
  return {
    spine,
    store: options.taskStore ?? createMemoryTaskStore(),
    schemas: new TaskSchemas(keyValue.bucket('ARQON_SCHEMAS'), () => clock.monotonicMs()),
    audit,
    clock,
    limits,
    pageBytes: limits.pageBytes,
    settings: options.taskSettings ?? DEFAULT_TASK_SETTINGS,
    metrics: options.taskMetrics,
    // Sorts by time, as all ids of ours do.
    nextTaskId: () => `t_${nextId().slice('arq_'.length)}`,
    onError,
  };
}
