import { BusError, isName } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { ListTasksRequest, TaskStatus } from '@arqonbus/protocol/spine-messages';
import type { VersionedTask } from '@arqonbus/storage';
import { pageLimit, parseCursor, takePage } from '../paging/page.ts';
import { parseTenant } from '../requests/parse-request.ts';
import { statusMessage } from './dead-tasks.ts';
import { hasEnded } from './task.ts';
import type { TaskParts } from './task-parts.ts';
import { taskOf } from './task-record.ts';

interface Listed {
  readonly items: TaskStatus[];
  readonly cursor: string;
}

/** Lists the tasks that somebody may still work on; those of a tenant are held in memory anyway. */
export function listOpen(request: ListTasksRequest, parts: TaskParts): Promise<Listed> {
  return list(request, parts, async (tenant, { group, after }) => {
    const open = await parts.store.listOpen(tenant);
    return open.filter(({ task }) => task.taskId > after && (group === '' || task.group === group) && !isOver(task));
  });
}

/** Lists the tasks that came to nothing (OPR-3). */
export function listDead(request: ListTasksRequest, parts: TaskParts): Promise<Listed> {
  return list(request, parts, (tenant, query) => parts.store.listDead(tenant, query));
}

type Query = Parameters<TaskParts['store']['listDead']>[1];
type Find = (tenant: TenantId, query: Query) => Promise<readonly VersionedTask[]>;

async function list(request: ListTasksRequest, { pageBytes }: TaskParts, find: Find): Promise<Listed> {
  const tenant = parseTenant(request.tenant);
  if (request.group !== '' && !isName(request.group)) throw new BusError('VALIDATION_ERROR', 'The group is malformed.');
  const limit = pageLimit(request.limit);
  const after = request.cursor === '' ? '' : parseCursor(request.cursor);
  // One more than asked for tells whether there are more.
  const found = await find(tenant, { group: request.group, after, limit: limit + 1 });
  const items = found.map(({ task }) => statusMessage(taskOf(task), true));
  const sizeOf = ({ details }: TaskStatus): number => FIELDS_BYTES + details.length;
  return takePage(items, { cursor: '', limit }, { keyOf: ({ taskId }) => taskId, sizeOf, pageBytes });
}

const FIELDS_BYTES = 80;

/** One whose end has still to be told to somebody is open in the store. */
function isOver(task: VersionedTask['task']): boolean {
  return hasEnded(taskOf(task));
}
