import { BusError, commands, formatTime, isCommandName } from '@arqonbus/protocol';
import type { CommandArgs, CommandDefinition, CommandResult } from '@arqonbus/protocol';
import { callBrain } from '@arqonbus/spine';
import type { Session } from '../../session/session.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { leaveForbidden } from '../leave-forbidden.ts';
import { untilDeadline } from '../until-deadline.ts';

/** Answers at once. */
export function ping(
  _call: CommandCall,
  _args: CommandArgs<'ping'>,
  { clock }: CommandParts,
): CommandOutcome<CommandResult<'ping'>> {
  return { result: { pong: true, server_time: formatTime(clock.now()) } };
}

/** The server, and the figures of the own tenant (PRD-4). */
export async function status(
  { session, deadlineMs }: CommandCall,
  _args: CommandArgs<'status'>,
  parts: CommandParts,
): Promise<CommandOutcome<CommandResult<'status'>>> {
  const { tenant } = session;
  await untilDeadline(parts.membership.told(tenant), deadlineMs);
  const { connections, rooms, channels } = await callBrain(parts.spine, 'membership.count', { tenant }, deadlineMs);
  const { messagesIn, messagesOut } = session.tenantState;
  return {
    result: {
      server: {
        version: parts.version,
        uptime_s: Math.floor((parts.clock.now() - parts.startedAtMs) / 1000),
        node: parts.node,
      },
      connections,
      rooms,
      channels,
      messages: { in: messagesIn, out: messagesOut },
    },
  };
}

/** What there is to call, from the registry that validates it (PRT-21). */
export function help({ session }: CommandCall, args: CommandArgs<'help'>): CommandOutcome<CommandResult<'help'>> {
  if (args.command !== undefined) {
    if (!isCommandName(args.command)) throw new BusError('UNKNOWN_COMMAND');
    return { result: { commands: [describe(commands[args.command])] } };
  }
  const usable = Object.values<CommandDefinition>(commands).filter(({ right }) => mayUse(session, right));
  return { result: { commands: usable.map(describe) } };
}

function mayUse(session: Session, right: CommandDefinition['right']): boolean {
  return right === 'any' || session.rights.may(right, '*', '*');
}

function describe({
  name,
  summary,
  right,
  args,
  result,
  errors,
}: CommandDefinition): CommandResult<'help'>['commands'][number] {
  return { name, summary, right, args: { ...args }, result: { ...result }, errors };
}

/** Takes a newer token of the same person (PRT-6). */
export async function refresh(
  { session }: CommandCall,
  { token }: CommandArgs<'refresh'>,
  parts: CommandParts,
): Promise<CommandOutcome<CommandResult<'refresh'>>> {
  const { authenticator, rights, clock } = parts;
  const auth = await authenticator.authenticate(token);
  if (!auth.ok) throw new BusError(auth.code);
  const { principal } = auth;
  if (principal.tenant !== session.tenant || principal.user !== session.user) {
    throw new BusError('AUTHENTICATION_FAILED', 'The token is of another user or tenant.');
  }
  session.principal = principal;
  session.rights = rights.of(principal);
  session.isExpiryAnnounced = false;
  session.tokenSinceMs = clock.now();
  leaveForbidden(session, parts);
  return { result: { token_expires_at: formatTime(principal.expiresAtMs) } };
}
