import { formatTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { callBrain } from '@arqonbus/spine';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { invalid } from '../arguments.ts';
import { requesterOf } from '../requester-of.ts';
import { untilDeadline } from '../until-deadline.ts';
import { nextPage } from '../next-page.ts';

const FOREVER = '9999-12-31T23:59:59.999Z';

/** Ends sessions of a client or a user, in the own tenant (AUT-5). */
export async function disconnectSession(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'op.session.disconnect'>,
  { spine, membership }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.session.disconnect'>>> {
  if ((args.client_id === undefined) === (args.user === undefined)) {
    throw invalid([{ field: 'args', problem: 'must name a client_id or a user, and not both' }]);
  }
  await untilDeadline(membership.told(session.tenant), deadlineMs);
  const request = {
    tenant: session.tenant,
    clientId: args.client_id ?? '',
    user: args.user ?? '',
    reason: args.reason ?? '',
    banForMs: BigInt(args.ban_for_ms ?? 0),
    ...requesterOf(session, envelope),
  };
  const { disconnected } = await callBrain(spine, 'bans.disconnect', request, deadlineMs);
  return { result: { disconnected } };
}

/** Lists the bans in force. */
export async function listBans(
  { session, deadlineMs }: CommandCall,
  { cursor = '', limit = 0 }: CommandArgs<'op.ban.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.ban.list'>>> {
  const page = await callBrain(spine, 'bans.list', { tenant: session.tenant, cursor, limit }, deadlineMs);
  const items = page.items.map(({ user, untilMs, reason }) => ({
    user,
    until: untilMs === 0n ? FOREVER : formatTime(Number(untilMs)),
    reason,
  }));
  return { result: { items, ...nextPage(page) } };
}

/** Lifts a ban. */
export async function liftBan(
  { session, envelope, deadlineMs }: CommandCall,
  { user }: CommandArgs<'op.ban.lift'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.ban.lift'>>> {
  const request = { tenant: session.tenant, user, ...requesterOf(session, envelope) };
  const { lifted } = await callBrain(spine, 'bans.lift', request, deadlineMs);
  return { result: { lifted } };
}
