import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasEnded, isDead } from './task.ts';
import type { Task } from './task.ts';
import { storedTask, taskOf } from './task-record.ts';
import { transition } from './transition.ts';
import type { TaskEvent } from './transition.ts';

const plain: Task = {
  taskId: 't_1',
  group: 'research',
  capability: '',
  strategy: 'round_robin',
  priority: 0,
  maxAttempts: 3,
  bestOf: 1,
  windowMs: 1_000,
  timeoutMs: 60_000,
  clientId: 'n1_ada' as Task['clientId'],
  user: 'ada' as Task['user'],
  idempotencyKey: '',
  payloadBytes: 2,
  startedAtMs: 1_000,
  createdAtMs: 1_000,
  attempts: 0,
  failures: 0,
  runs: [],
  state: { kind: 'queued' },
};

const client = fc.constantFrom('n1_ben', 'n1_cyd', 'n1_dan');
const attempt = fc.nat(12);
const run = fc.record({ clientId: client, attempt });
const event: fc.Arbitrary<TaskEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('assign' as const),
    takers: fc
      .uniqueArray(client, { maxLength: 3 })
      .map((ids) => ids.map((id) => ({ clientId: id, sessionId: `s_${id}` }))),
  }),
  fc.record({ kind: fc.constant('result' as const), run, result: fc.constantFrom('1', '"x"'), score: fc.integer() }),
  fc.record({ kind: fc.constant('fail' as const), run, reason: fc.constant('"no"'), isFinal: fc.boolean() }),
  fc.record({
    kind: fc.constant('lose' as const),
    attempts: fc.array(attempt, { maxLength: 3 }),
    reason: fc.constant('gone'),
    isCounted: fc.boolean(),
  }),
  fc.constantFrom<TaskEvent>({ kind: 'close_window' }, { kind: 'expire' }, { kind: 'cancel' }, { kind: 'replay' }),
);
const start: fc.Arbitrary<Task> = fc
  .record({
    strategy: fc.constantFrom('round_robin' as const, 'competing' as const, 'broadcast' as const),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    bestOf: fc.integer({ min: 1, max: 3 }),
  })
  .map((more) => ({ ...plain, ...more }));

describe('the life of a task', () => {
  it('[OPR-3] is one whatever happens in whatever order', () => {
    fc.assert(
      fc.property(start, fc.array(event, { maxLength: 30 }), (first, events) => {
        let task = first;
        let nowMs = 2_000;
        for (const one of events) {
          const outcome = transition(task, one, (nowMs += 10));
          if (outcome.kind !== 'changed') continue;
          expect(problemsOf(task, outcome.task, one)).toEqual([]);
          expect(taskOf(storedTask(outcome.task))).toEqual(outcome.task);
          task = outcome.task;
        }
      }),
    );
  });
});

/** What must not be after a step. */
function problemsOf(before: Task, after: Task, { kind }: TaskEvent): string[] {
  const isRunning = after.runs.some(({ state }) => state === 'running');
  const fresh = after.runs.filter((one) => one.attempt > before.attempts);
  const isTriedAgain = kind === 'replay' && isDead(before);
  const isRewritten = before.runs.some(({ state, attempt: number, ...was }) => {
    const later = after.runs.find((one) => one.attempt === number);
    return later !== undefined && state !== 'running' && (later.state !== state || later.result !== was.result);
  });
  const hasResult = after.runs.some(({ state }) => state === 'done');
  const stored = storedTask(after);
  const checks: readonly (readonly [isWrong: boolean, problem: string])[] = [
    [(after.state.kind === 'assigned') !== isRunning, 'is assigned while nobody works on it, or the other way round'],
    [after.attempts !== before.attempts + fresh.length, 'uses the number of an attempt twice'],
    [after.failures > after.maxAttempts, 'is tried too often'],
    [hasEnded(before) && !isTriedAgain, 'goes on after its end'],
    [isRewritten, 'has another result than before'],
    [after.state.kind === 'done' && !hasResult, 'is done without a result'],
    [stored.isDead !== isDead(after) || (stored.endedAtMs !== undefined) !== hasEnded(after), 'is stored as it is not'],
  ];
  return checks.filter(([isWrong]) => isWrong).map(([, problem]) => problem);
}
