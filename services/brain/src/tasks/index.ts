import { BusError } from '@arqonbus/protocol';
import type { TaskRequest, TaskStatus } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { BrainHandler, BrainMethod, BrainResult, RpcObserver, SpineSubscription } from '@arqonbus/spine';
import { parseTenant } from '../requests/parse-request.ts';
import { replayDead, statusMessage } from './dead-tasks.ts';
import { joinOperator, listOperators, renewOperators } from './join-operator.ts';
import { listDead, listOpen } from './list-tasks.ts';
import { reportTask } from './report-task.ts';
import { submitTask } from './submit-task.ts';
import type { TaskOwner } from './task-owner.ts';
import type { TaskParts } from './task-parts.ts';
import type { TenantWork } from './tenant-work.ts';

/** What the tasks of one partition are served from. */
export interface ServedTasks extends TaskParts {
  readonly partition: number;
  readonly owner: TaskOwner;
  readonly whenSettled: () => Promise<void>;
}

/** Serves `tasks.*` of one partition (OPR-2). Who may ask is for the asker to know. */
export function serveTasks(parts: ServedTasks, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine, partition, whenSettled } = parts;
  const use = <T>({ tenant }: { readonly tenant: string }, run: (work: TenantWork) => T | Promise<T>): Promise<T> =>
    parts.owner.use(parseTenant(tenant), run);
  const serve = <M extends BrainMethod>(method: M, handler: BrainHandler<M>): SpineSubscription =>
    serveBrain(spine, method, handler, observer, partition);
  return [
    serve('tasks.join', (request) => use(request, (work) => joinOperator(request, work, parts))),
    serve('tasks.renew', (request) => use(request, (work) => renewOperators(request, work))),
    serve('tasks.operators', async (request) => {
      await whenSettled();
      return use(request, (work) => listOperators(request, work, parts));
    }),
    serve('tasks.submit', async (request) =>
      statusMessage(await use(request, (work) => submitTask(request, work, parts)), false),
    ),
    serve('tasks.report', async (request) =>
      statusMessage(await use(request, (work) => reportTask(request, work, parts)), false),
    ),
    serve('tasks.cancel', (request) => use(request, (work) => cancel(request, work))),
    serve('tasks.get', (request) => use(request, (work) => get(request, work))),
    serve('tasks.open', (request): Promise<Listed> => listOpen(request, parts)),
    serve('tasks.dead', (request): Promise<Listed> => listDead(request, parts)),
    serve('tasks.replay', async (request) =>
      statusMessage(await use(request, (work) => replayDead(request, work, parts)), false),
    ),
  ];
}

type Listed = Pick<BrainResult<'tasks.dead'>, 'items' | 'cursor'>;

async function cancel(request: TaskRequest, work: TenantWork): Promise<TaskStatus> {
  await requireOwn(request, work);
  return statusMessage(await work.tasks.change(request.taskId, { kind: 'cancel' }), false);
}

async function get(request: TaskRequest, work: TenantWork): Promise<TaskStatus> {
  const { task } = await requireOwn(request, work);
  return statusMessage(task, true);
}

/** Whose task it is not learns no more than that of one that there is not. */
async function requireOwn(
  { taskId, user }: TaskRequest,
  { tasks }: TenantWork,
): ReturnType<TenantWork['tasks']['require']> {
  const open = await tasks.require(taskId);
  if (user !== '' && open.task.user !== user) throw new BusError('NOT_FOUND', 'There is no such task.');
  return open;
}
