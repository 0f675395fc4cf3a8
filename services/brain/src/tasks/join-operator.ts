import { BusError } from '@arqonbus/protocol';
import { ListedOperatorSchema, create } from '@arqonbus/protocol/spine-messages';
import type {
  JoinOperatorRequest,
  ListOperatorsRequest,
  ListedOperator,
  RenewOperatorsRequest,
} from '@arqonbus/protocol/spine-messages';
import { jsonBytes, takePage } from '../paging/page.ts';
import { parseOperator } from './parse-operator.ts';
import type { TaskParts } from './task-parts.ts';
import type { TenantWork } from './tenant-work.ts';

/** Makes a session an operator: it gets tasks from now on (OPR-1). */
export async function joinOperator(
  request: JoinOperatorRequest,
  work: TenantWork,
  { schemas, limits, settings }: TaskParts,
): Promise<{ readonly leaseMs: number }> {
  const operator = parseOperator(request.operator);
  const { tenant, operators } = work.tasks;
  await schemas.check(tenant, operator.inputSchema);
  await schemas.check(tenant, operator.outputSchema);
  const isNew = operators.get(operator.clientId)?.group !== operator.group;
  if (isNew && operators.countOf(operator.group) >= limits.operatorsPerGroup)
    throw new BusError('QUOTA_EXCEEDED', 'There are too many operators in the group.');
  work.putOperators([operator]);
  return { leaseMs: settings.leaseMs };
}

/** Takes in what a Shield says of its operators: a Brain that has just taken over learns of them by this. */
export async function renewOperators({ operators, ended }: RenewOperatorsRequest, work: TenantWork): Promise<object> {
  work.putOperators(operators.map((operator) => parseOperator(operator)));
  await work.endOperators(ended);
  return {};
}

/** Lists operators, of a group or with a capability where one is named. */
export function listOperators(
  { group, capability, cursor, limit }: ListOperatorsRequest,
  { tasks }: TenantWork,
  { pageBytes }: TaskParts,
): { readonly items: ListedOperator[]; readonly cursor: string } {
  const found = tasks.operators.list({ group, capability });
  const items = found.map(({ operator, inFlight }) => create(ListedOperatorSchema, { operator, inFlight }));
  const sizeOf = ({ operator }: ListedOperator): number =>
    FIELDS_BYTES + (operator?.metadata.length ?? 0) + jsonBytes(operator?.capabilities.join(',') ?? '');
  return takePage(items, { cursor, limit }, { keyOf: ({ operator }) => operator?.clientId ?? '', sizeOf, pageBytes });
}

const FIELDS_BYTES = 500;
