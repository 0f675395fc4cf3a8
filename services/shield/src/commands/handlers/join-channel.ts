import { BusError } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { callBrain, channelKey } from '@arqonbus/spine';
import type { ChannelAddress, LogEntry } from '@arqonbus/spine';
import { pageOf } from '../../delivery/publication.ts';
import type { Publication } from '../../delivery/publication.ts';
import type { Hole } from '../../delivery/catch-up.ts';
import type { Session } from '../../session/session.ts';
import type { LocalChannel } from '../../subscriptions/local-channel.ts';
import { ROOM_CHANNEL } from '../../subscriptions/subscriptions.ts';
import type { PreparedJoin } from '../../subscriptions/subscriptions.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { resolveChannel } from '../command-target.ts';
import { memberOf } from '../members.ts';
import { requireRight } from '../require-right.ts';

type Args = CommandArgs<'join_channel'>;
type Result = CommandResult<'join_channel'>;

/** Subscribes. Everything that must be asked is asked first; the join itself and its reply happen in one turn. */
export async function joinChannel(call: CommandCall, args: Args, parts: CommandParts): Promise<CommandOutcome<Result>> {
  const { session } = call;
  const { subscriptions } = parts;
  const address = resolveChannel(session, call.envelope, args);
  requireRight(session, 'join', address.room, address.channel);
  if (args.history !== undefined) requireRight(session, 'history', address.room, address.channel);
  if (!session.isSubscribed(address.room, address.channel) && !subscriptions.hasRoom(session)) {
    throw new BusError('QUOTA_EXCEEDED', 'The connection has as many subscriptions as it may.');
  }
  const join = await subscriptions.prepare(session, address);
  try {
    const found = await gather(session, join, args, parts);
    if (session.connection === undefined) throw new BusError('UNAVAILABLE', 'The connection is closed.');
    return commit(session, join, args, found, parts);
  } finally {
    subscriptions.release(session, join);
  }
}

interface Found {
  readonly entries: readonly LogEntry[];
  readonly members: Result['members'];
  readonly recovery: Recovery;
}

async function gather(session: Session, join: PreparedJoin, args: Args, parts: CommandParts): Promise<Found> {
  const { address } = join.channel;
  await ensureChannel(address, session, parts);
  const entries = await readHistory(join, args.history ?? 0, parts);
  const members = args.presence === true ? await readMembers(address, parts) : undefined;
  return { entries, members, recovery: await judgeRecovery(join, args, parts) };
}

/** A channel that nobody has made yet is made by its first join (PRS-5). */
async function ensureChannel(address: ChannelAddress, session: Session, parts: CommandParts): Promise<void> {
  const { tenant, room, channel } = address;
  if (channel === ROOM_CHANNEL) return;
  if ((await parts.channelRegistry.get(channelKey(tenant, room, channel))) !== undefined) return;
  const record = { room, channel, createdBy: session.user, createdAtMs: BigInt(parts.clock.now()), autoCreated: true };
  await callBrain(parts.spine, 'channels.create', { tenant, record, ifAbsent: true });
}

async function readHistory(join: PreparedJoin, limit: number, { log }: CommandParts): Promise<readonly LogEntry[]> {
  if (limit === 0 || join.channel.logClass === 'live') return [];
  return log.read(join.channel.address, { limit, order: 'newest' });
}

async function readMembers(address: ChannelAddress, { spine, membership }: CommandParts): Promise<Result['members']> {
  await membership.flush();
  const { tenant, room, channel } = address;
  const { members } = await callBrain(spine, 'membership.members', { tenant, room, channel, limit: 1000 });
  return members.map(memberOf);
}

/** Whether everything after the client's position can still be had (LOG-9). */
interface Recovery {
  /** Sequence to go on after; undefined = at the present position. */
  readonly from: number | undefined;
  readonly result: Pick<Result, 'recovered' | 'reason'>;
}

async function judgeRecovery({ channel }: PreparedJoin, { from }: Args, { log }: CommandParts): Promise<Recovery> {
  if (from === undefined) return { from: undefined, result: {} };
  if (channel.logClass === 'live') return lost('no_log');
  if (from.epoch !== channel.epoch || from.seq > channel.lastSeq) return lost('epoch_changed');
  const [first] = await log.read(channel.address, { afterSeq: from.seq, limit: 1 });
  const isTrimmed = first === undefined ? from.seq < channel.lastSeq : first.prevSeq > from.seq;
  if (isTrimmed && channel.logClass !== 'state') return lost('trimmed');
  return { from: from.seq, result: { recovered: true } };
}

function lost(reason: Hole): Recovery {
  return { from: undefined, result: { recovered: false, reason } };
}

function commit(
  session: Session,
  join: PreparedJoin,
  args: Args,
  { entries, members, recovery }: Found,
  parts: CommandParts,
): CommandOutcome<Result> {
  const { channel } = join;
  const { room, channel: name } = channel.address;
  const isBehind = recovery.from !== undefined;
  const subscription = parts.subscriptions.commit(session, join, { echo: args.echo === true, isBehind });
  if (name !== ROOM_CHANNEL) parts.membership.joined(session, room, name);
  const { lastSeq, epoch } = channel;
  const result: Result = {
    room,
    channel: name,
    ...(channel.logClass === 'live' ? {} : { epoch, seq: recovery.from ?? lastSeq }),
    ...(members === undefined ? {} : { members }),
    ...(args.history === undefined ? {} : { publications: publicationsOf(entries, channel, parts) }),
    ...recovery.result,
  };
  const { from } = recovery;
  return from === undefined
    ? { result }
    : { result, afterReply: () => parts.slowConsumers.startBehind(session, subscription, from) };
}

/** The newest ones, oldest first. What the topics have not had yet comes by topic, and must not come twice. */
function publicationsOf(entries: readonly LogEntry[], { lastSeq, epoch }: LocalChannel, { limits }: CommandParts): readonly Publication[] {
  const settled = entries.filter((entry) => entry.seq <= lastSeq);
  return pageOf(settled, epoch, limits.pageBytes).publications.toReversed();
}
