import { BusError, parseTarget } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult, Target } from '@arqonbus/protocol';
import { encodeMeta } from '../../presence/meta.ts';
import type { Session } from '../../session/session.ts';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { readyJoin } from './join-channel.ts';
import type { ReadyJoin } from './join-channel.ts';

type Args = CommandArgs<'resume'>;
type Result = CommandResult<'resume'>;
type JoinArgs = CommandArgs<'join_channel'>;
type ChannelResult = Result['channels'][number];

/** Joins of one resume that ask at the same time. */
const WORKERS = 16;

/**
 * Makes the connection the client of an earlier one, and takes up its channels as their joins would: every right is
 * checked again, and what was missed follows the reply (PRT-7, LOG-9). All joins and the reply happen in one turn, so that
 * nothing of a channel comes before its position is known.
 */
export async function resume(call: CommandCall, args: Args, parts: CommandParts): Promise<CommandOutcome<Result>> {
  const { session } = call;
  const joins = Object.entries(args.channels).map(([name, options]) => toJoinArgs(name, options));
  const meta = args.meta === undefined ? undefined : encodeMeta(args.meta);
  checkUnused(session);
  session.isResuming = true;
  try {
    const token = await parts.resumes.take(session, args.resume_token, call.deadlineMs);
    if (session.connection === undefined) throw new BusError('UNAVAILABLE', 'The connection is closed.');
    if (args.status !== undefined) session.status = args.status;
    if (meta !== undefined) session.meta = meta;
    parts.resumes.adopt(session, token);
    const ready = await askAll(joins, (join) => readyJoin(call, join, parts));
    return commitAll(session, joins, ready, parts);
  } finally {
    session.isResuming = false;
  }
}

/** A connection that is in channels has members' lists, and perhaps friends, that know it by the id it has. */
function checkUnused(session: Session): void {
  if (
    session.isResuming ||
    session.generation > 0 ||
    session.pendingJoins.size > 0 ||
    session.subscriptions.size > 0 ||
    session.operator !== undefined
  ) {
    throw new BusError('CONFLICT', 'A session is resumed before the first join of a connection.');
  }
}

function toJoinArgs(name: string, options: Args['channels'][string]): JoinArgs & Target {
  const target = parseTarget(name, '');
  const field = `args.channels.${name.slice(0, 140)}`;
  if (target === undefined) throw invalid([{ field, problem: 'must be named room:channel' }]);
  const { epoch, seq, ...others } = options ?? {};
  if ((epoch === undefined) !== (seq === undefined))
    throw invalid([{ field, problem: 'needs epoch and seq, or neither' }]);
  return { ...target, ...others, ...(epoch === undefined || seq === undefined ? {} : { from: { epoch, seq } }) };
}

type Asked = ReadyJoin | { readonly error: unknown };

/** In the order of the joins; one that is refused keeps no other from being made. */
async function askAll<J>(joins: readonly J[], ask: (join: J) => Promise<ReadyJoin>): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const waiting = joins.entries();
  const work = async (): Promise<void> => {
    for (const [index, join] of waiting) {
      try {
        asked[index] = await ask(join);
      } catch (error) {
        asked[index] = { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(WORKERS, joins.length) }, work));
  return asked;
}

function commitAll(
  session: Session,
  joins: readonly Target[],
  ready: readonly Asked[],
  { resumes, membership }: CommandParts,
): CommandOutcome<Result> {
  const after: (() => void)[] = [];
  const bugs: unknown[] = [];
  const channels = ready.map((asked, index): ChannelResult => {
    const { room = '', channel = '' } = joins[index] ?? {};
    try {
      if ('error' in asked) throw asked.error;
      const { result, afterReply } = asked.commit();
      if (afterReply !== undefined) after.push(afterReply);
      return { room, channel, joined: result };
    } catch (error) {
      // It may have been a member before, with the rights of then.
      membership.notJoined(session, room, channel);
      const isRefusal = error instanceof BusError && error.code !== 'INTERNAL_ERROR';
      if (!isRefusal) bugs.push(error);
      return { room, channel, ...(isRefusal ? { error_code: error.code, error: error.message } : {}) };
    }
  });
  // All joins are made or given up before a bug of ours ends the command as such (PRT-10).
  if (bugs.length > 0) throw bugs[0];
  const result = { client_id: session.clientId, resume_token: resumes.issue(session), channels };
  return { result, afterReply: () => after.forEach((run) => run()) };
}
