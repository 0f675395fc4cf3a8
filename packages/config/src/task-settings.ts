/** How Brains look after the tasks of work groups (OPR-3). */
export const taskSettings = {
  'tasks.lease_ms': {
    kind: 'duration_ms',
    default: 30_000,
    min: 1_000,
    max: 3_600_000,
    live: true,
    doc: 'Time that an operator may work on a task without a sign of life; then another gets it.',
  },
  'tasks.retention_hours': {
    kind: 'integer',
    default: 72,
    min: 1,
    max: 8_760,
    live: true,
    doc: 'Hours that tasks which have ended are kept, dead ones and idempotency keys too.',
  },
} as const;
