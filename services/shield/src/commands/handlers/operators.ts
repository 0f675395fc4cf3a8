import { BusError, formatTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { OperatorRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import type { ListedOperator } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import { jsonBytes, jsonObject } from '../../delivery/frames.ts';
import { operateRefusal } from '../../operators/may-operate.ts';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { nextPage } from '../next-page.ts';

const MAX_METADATA_BYTES = 2_048;
const NO_METADATA = new Uint8Array(0);

/** Makes the session an operator (OPR-1). Once more with the same group changes what it announces. */
export async function joinOperator(
  { session, deadlineMs }: CommandCall,
  args: CommandArgs<'operator.join'>,
  { spine, clock, operators }: CommandParts,
): Promise<CommandOutcome<CommandResult<'operator.join'>>> {
  const { group, capabilities = [], input_schema: inputSchema = '', output_schema: outputSchema = '' } = args;
  const refusal = operateRefusal(session, group, capabilities);
  if (refusal !== undefined) throw new BusError('AUTHORIZATION_ERROR', refusal);
  if (session.isResuming) throw new BusError('CONFLICT', 'The session is being resumed.');
  if (session.operator !== undefined && session.operator.group !== group)
    throw new BusError('CONFLICT', 'The session is an operator of another group; leave it first.');
  const metadata = args.metadata === undefined ? NO_METADATA : jsonBytes(args.metadata);
  if (metadata.length > MAX_METADATA_BYTES)
    throw invalid([{ field: 'args.metadata', problem: `must not be larger than ${MAX_METADATA_BYTES} bytes` }]);
  const operator = create(OperatorRecordSchema, {
    clientId: session.clientId,
    user: session.user,
    sessionId: session.sessionId,
    group,
    capabilities: [...new Set(capabilities)],
    inputSchema,
    outputSchema,
    maxInFlight: args.max_in_flight ?? 1,
    metadata,
    joinedAtMs: session.operator?.joinedAtMs ?? BigInt(clock.now()),
  });
  const { leaseMs } = await callBrain(spine, 'tasks.join', { tenant: session.tenant, operator }, deadlineMs);
  operators.joined(session, operator);
  // It may have gone meanwhile, or become somebody else.
  if (session.connection === undefined || session.clientId !== operator.clientId) await operators.left(session);
  return { result: { operator_id: operator.clientId, group, lease_ms: leaseMs } };
}

/** Ends being one. */
export async function leaveOperator(
  { session }: CommandCall,
  _args: CommandArgs<'operator.leave'>,
  { operators }: CommandParts,
): Promise<CommandOutcome<CommandResult<'operator.leave'>>> {
  const left = session.operator !== undefined;
  if (!left && !session.rights.may('operate', '*', '*')) throw new BusError('AUTHORIZATION_ERROR');
  await operators.left(session);
  return { result: { left } };
}

/** Who takes tasks of a group, or of any. */
export function listOperators(
  call: CommandCall,
  { group = '', ...page }: CommandArgs<'operator.list'>,
  parts: CommandParts,
): Promise<CommandOutcome<CommandResult<'operator.list'>>> {
  if (group !== '' && !call.session.rights.may('publish', group, '*')) throw new BusError('AUTHORIZATION_ERROR');
  return list(call, { group, capability: '', ...page }, parts);
}

/** Who has a capability. */
export function findOperators(
  call: CommandCall,
  args: CommandArgs<'operator.find'>,
  parts: CommandParts,
): Promise<CommandOutcome<CommandResult<'operator.find'>>> {
  return list(call, { group: '', ...args }, parts);
}

interface Query {
  readonly group: string;
  readonly capability: string;
  readonly cursor?: string;
  readonly limit?: number;
}

async function list(
  { session, deadlineMs }: CommandCall,
  { group, capability, cursor = '', limit = 0 }: Query,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'operator.list'>>> {
  const request = { tenant: session.tenant, group, capability, cursor, limit };
  const page = await callBrain(spine, 'tasks.operators', request, deadlineMs);
  // A guest may give no tasks anywhere, and sees nobody.
  const items = page.items
    .filter(({ operator }) => session.rights.may('publish', operator?.group ?? '', '*'))
    .map(itemOf);
  return { result: { items, ...nextPage(page) } };
}

type Item = CommandResult<'operator.list'>['items'][number];

function itemOf({ operator, inFlight }: ListedOperator): Item {
  const record = operator ?? create(OperatorRecordSchema);
  return {
    operator_id: record.clientId,
    user: record.user,
    group: record.group,
    capabilities: record.capabilities,
    ...(record.inputSchema === '' ? {} : { input_schema: record.inputSchema }),
    ...(record.outputSchema === '' ? {} : { output_schema: record.outputSchema }),
    max_in_flight: record.maxInFlight,
    in_flight: inFlight,
    ...(record.metadata.length === 0 ? {} : { metadata: jsonObject(record.metadata) }),
    joined_at: formatTime(Number(record.joinedAtMs)),
  };
}
