import type {
  OperatorRecord,
  ReportTaskRequest,
  SubmitTaskRequest,
  TaskNotice,
} from '@arqonbus/protocol/spine-messages';
import {
  OperatorRecordSchema,
  ReportTaskRequest_Kind,
  TaskNoticeSchema,
  TaskNoticedSchema,
  create,
  fromBinary,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import { tasksOf } from '@arqonbus/spine';
import type { BrainResult } from '@arqonbus/spine';
import { expect } from 'vitest';
import { createBrainFixture } from '../testing/brain-fixture.ts';
import type { BrainFixture, FixtureOptions } from '../testing/brain-fixture.ts';

/** The payload of a `task` frame. */
export type Told = Readonly<Record<string, unknown>>;

/** For tests: a Brain, and a Shield that keeps what its clients are told of tasks. */
export interface TasksRig {
  readonly fixture: BrainFixture;
  /** Clients that are not there are told nothing. */
  readonly absent: Set<string>;
  /** What a client was told so far. */
  told(clientId: string): readonly Told[];
  /** The next that a client is told in this state, which is gone then. */
  next(clientId: string, state: string): Promise<Told>;
  join(name: string, more?: OperatorInit): Promise<void>;
  /** What its Shield says when an operator is gone. */
  end(name: string): Promise<void>;
  submit(more?: SubmitInit): Promise<string>;
  result(name: string, order: Told, payload?: unknown, score?: number): Promise<BrainResult<'tasks.report'>>;
  fail(name: string, order: Told, more?: object): Promise<BrainResult<'tasks.report'>>;
  ack(name: string, order: Told): Promise<BrainResult<'tasks.report'>>;
  state(taskId: string, tenant?: string): Promise<string>;
}

/** What differs from a plain task of `ada`. */
export type SubmitInit = Partial<Omit<SubmitTaskRequest, '$typeName'>>;

/** What differs from a plain operator of the group `research`. */
export type OperatorInit = Partial<Omit<OperatorRecord, '$typeName'>> & { readonly tenant?: string };

/** For tests: clients are `n1_<name>`, those of submitters `n1_ada`. */
export async function createTasksRig(options: FixtureOptions = {}): Promise<TasksRig> {
  const fixture = await createBrainFixture(options);
  const absent = new Set<string>();
  const notices: { readonly notice: TaskNotice; readonly told: Told }[] = [];
  fixture.spine.serve(tasksOf('n1'), (data) => {
    const notice = fromBinary(TaskNoticeSchema, data);
    const connections = absent.has(notice.clientId) ? 0 : 1;
    if (connections > 0) notices.push({ notice, told: JSON.parse(Buffer.from(notice.payload).toString()) as Told });
    return toBinary(TaskNoticedSchema, create(TaskNoticedSchema, { connections }));
  });
  const report = (
    name: string,
    { task_id: taskId, attempt }: Told,
    more: Partial<Omit<ReportTaskRequest, '$typeName'>>,
  ): Promise<BrainResult<'tasks.report'>> =>
    fixture.call('tasks.report', {
      tenant: 'acme',
      taskId: String(taskId),
      clientId: clientOf(name),
      attempt: Number(attempt),
      ...more,
    });
  return {
    fixture,
    absent,
    told: (clientId) => notices.filter(({ notice }) => notice.clientId === clientId).map(({ told }) => told),
    next: async (clientId, state) => {
      const isWanted = ({ notice, told }: (typeof notices)[number]): boolean =>
        notice.clientId === clientId && told['state'] === state;
      await expect.poll(() => notices.some(isWanted)).toBe(true);
      const [found] = notices.splice(notices.findIndex(isWanted), 1);
      return found?.told ?? {};
    },
    join: async (name, { tenant = 'acme', ...more } = {}) =>
      void (await fixture.call('tasks.join', { tenant, operator: operatorOf(name, more) })),
    end: async (name) => {
      const ended = [{ clientId: clientOf(name), sessionId: `s_${name}` }];
      await fixture.call('tasks.renew', { tenant: 'acme', ended });
    },
    submit: async (more = {}) => (await fixture.call('tasks.submit', { ...plainTask(), ...more })).taskId,
    result: (name, order, payload = { by: name }, score = 0) =>
      report(name, order, { kind: ReportTaskRequest_Kind.RESULT, payload: jsonOf(payload), score }),
    fail: (name, order, more = {}) =>
      report(name, order, { kind: ReportTaskRequest_Kind.FAIL, payload: jsonOf(`${name} gave up`), ...more }),
    ack: (name, order) => report(name, order, { kind: ReportTaskRequest_Kind.ACK }),
    state: async (taskId, tenant = 'acme') => (await fixture.call('tasks.get', { tenant, taskId })).state,
  };
}

/** For tests: the client of this name. */
export function clientOf(name: string): string {
  return `n1_${name}`;
}

/** For tests: the operator of this name, as its Shield tells of it. */
export function operatorOf(name: string, more: Partial<Omit<OperatorRecord, '$typeName'>> = {}): OperatorRecord {
  const plain = { user: name, sessionId: `s_${name}`, group: 'research', maxInFlight: 1 };
  return create(OperatorRecordSchema, { clientId: clientOf(name), ...plain, ...more });
}

/** For tests: a task of `ada` for `research`. */
export function plainTask(): SubmitInit & { readonly tenant: string } {
  return { tenant: 'acme', group: 'research', payload: jsonOf({ text: '🚀' }), clientId: clientOf('ada'), user: 'ada' };
}

function jsonOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
