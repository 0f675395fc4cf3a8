import type { Metrics } from '@arqonbus/telemetry';
import type { TaskState } from './task.ts';

/** What is told of tasks. */
export interface TaskMetrics {
  submitted(): void;
  /** A task ended in this state, so long after it was submitted. */
  ended(state: TaskState['kind'], ms: number): void;
  /** A task went back to wait for another operator. */
  redelivered(): void;
}

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600];

/** Counts and times tasks (TEL-2). */
export function createTaskMetrics(metrics: Metrics): TaskMetrics {
  const submitted = metrics.counter('arqonbus_tasks_submitted_total', 'Tasks that were taken in.');
  const redelivered = metrics.counter(
    'arqonbus_tasks_redelivered_total',
    'Tasks that waited for another operator because the one that had them was lost or failed.',
  );
  const ended = metrics.labelledCounter('arqonbus_tasks_ended_total', 'Tasks that ended, by state.', 'state', {
    values: ['done', 'failed', 'expired', 'cancelled'],
  });
  const durations = metrics.histogram(
    'arqonbus_task_duration_seconds',
    'From the submission of a task to its result.',
    BUCKETS_SECONDS,
  );
  return {
    submitted: () => submitted.inc(),
    redelivered: () => redelivered.inc(),
    ended: (state, ms) => {
      ended.inc(state);
      if (state === 'done') durations.observe(ms / 1000);
    },
  };
}
