import { BusError } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult, Envelope } from '@arqonbus/protocol';
import { callBrain, channelKey } from '@arqonbus/spine';
import { memberOf } from '@arqonbus/runtime';
import type { ChannelAddress } from '@arqonbus/spine';
import { encodeMeta } from '../../presence/meta.ts';
import type { PresenceView } from '../../presence/presence-view.ts';
import { memberOfSession } from '../../membership/member-of-session.ts';
import { pageOf } from '../../delivery/publication.ts';
import type { Publication } from '../../delivery/publication.ts';
import { isHole, readAfter } from '../../delivery/catch-up.ts';
import type { Hole } from '../../delivery/catch-up.ts';
import type { NewestEntries } from '../../delivery/shared-reads.ts';
import type { Session } from '../../session/session.ts';
import type { LocalChannel } from '../../subscriptions/local-channel.ts';
import { ROOM_CHANNEL } from '../../subscriptions/subscriptions.ts';
import type { PreparedJoin } from '../../subscriptions/subscriptions.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { resolveChannel } from '../command-target.ts';
import { requireRight } from '../require-right.ts';
import { untilDeadline } from '../until-deadline.ts';

type Args = CommandArgs<'join_channel'>;
/** `ownMeta`: the argument `meta`, as it travels. */
type ParsedArgs = Args & { readonly ownMeta: Uint8Array | undefined };
type Result = CommandResult<'join_channel'>;
type Members = NonNullable<Result['members']>;

/** A join of which everything has been asked that must be asked. */
export interface ReadyJoin {
  /** Makes the join, in the turn of its reply. To be called once, whatever happens; throws where it cannot be made. */
  commit(): CommandOutcome<Result>;
}

/** Subscribes. Everything that must be asked is asked first; the join itself and its reply happen in one turn. */
export async function joinChannel(call: CommandCall, args: Args, parts: CommandParts): Promise<CommandOutcome<Result>> {
  if (call.session.isResuming) throw new BusError('CONFLICT', 'Wait for the answer to `resume`.');
  return (await readyJoin(call, args, parts)).commit();
}

/** Asks what a join must ask. */
export async function readyJoin(call: CommandCall, args: Args, parts: CommandParts): Promise<ReadyJoin> {
  const { session } = call;
  const { subscriptions } = parts;
  const address = resolveChannel(session, call.envelope, args);
  requireRight(session, 'join', address.room, address.channel);
  if (args.history !== undefined) requireRight(session, 'history', address.room, address.channel);
  if (args.presence === true) requireRight(session, 'presence', address.room, address.channel);
  const meta = args.meta === undefined ? undefined : encodeMeta(args.meta);
  if (!subscriptions.hasRoom(session, `${address.room}:${address.channel}`)) {
    throw new BusError('QUOTA_EXCEEDED', 'The connection has as many subscriptions as it may.');
  }
  const join = await subscriptions.prepare(session, address, args.presence === true);
  try {
    await ensureChannel(join.channel, call, parts);
    const found = await announceAndGather(call, join, { ...args, ownMeta: meta }, parts);
    return { commit: () => commitOnce(session, join, { ...args, ownMeta: meta }, found, parts) };
  } catch (error) {
    subscriptions.release(session, join);
    throw error;
  }
}

/** The Brain counts the session first: a channel that is told of as joined cannot be deleted as empty any more. */
async function announceAndGather(
  { session, deadlineMs }: CommandCall,
  join: PreparedJoin,
  args: ParsedArgs,
  parts: CommandParts,
): Promise<Found> {
  const { room, channel } = join.channel.address;
  try {
    await untilDeadline(parts.membership.joining(session, room, channel, args.ownMeta), deadlineMs);
    return await gather(join, args, deadlineMs, parts);
  } catch (error) {
    parts.membership.notJoined(session, room, channel);
    throw error;
  }
}

function commitOnce(
  session: Session,
  join: PreparedJoin,
  args: ParsedArgs,
  found: Found,
  parts: CommandParts,
): CommandOutcome<Result> {
  const { room, channel } = join.channel.address;
  try {
    if (session.connection === undefined) throw new BusError('UNAVAILABLE', 'The connection is closed.');
    // Taken away meanwhile.
    requireRight(session, 'join', room, channel);
    return commit(session, join, args, found, parts);
  } catch (error) {
    parts.membership.notJoined(session, room, channel);
    throw error;
  } finally {
    parts.subscriptions.release(session, join);
  }
}

interface Found {
  readonly history: NewestEntries | undefined;
  readonly recovery: Recovery;
  readonly roomRecovery: Recovery;
}

async function gather(join: PreparedJoin, args: Args, deadlineMs: number, parts: CommandParts): Promise<Found> {
  if (join.view !== undefined) await knowMembers(join.view, deadlineMs);
  const history = args.history === undefined ? undefined : await readHistory(join, args.history, parts);
  const recovery = await judgeRecovery(join.channel, args.from, parts);
  return { history, recovery, roomRecovery: await judgeRecovery(join.roomChannel, args.room_from, parts) };
}

/** A channel that nobody has made yet is made by its first join (PRS-5); of a crowd that comes at once, one asks for all. */
async function ensureChannel(channel: LocalChannel, call: CommandCall, parts: CommandParts): Promise<void> {
  if (channel.address.channel === ROOM_CHANNEL) return;
  channel.making ??= makeChannel(channel.address, call, parts).finally(() => (channel.making = undefined));
  await channel.making;
}

async function makeChannel(
  { tenant, room, channel }: ChannelAddress,
  { session, deadlineMs }: CommandCall,
  parts: CommandParts,
): Promise<void> {
  if ((await parts.channelRegistry.get(channelKey(tenant, room, channel))) !== undefined) return;
  const record = { room, channel, createdBy: session.user, createdAtMs: BigInt(parts.clock.now()), autoCreated: true };
  const made = await callBrain(parts.spine, 'channels.create', { tenant, record, ifAbsent: true }, deadlineMs);
  const isOurs = made.record?.createdAtMs === record.createdAtMs && made.record.createdBy === session.user;
  if (isOurs) parts.activity.channelCreated(session, { room, channel });
}

async function readHistory({ channel }: PreparedJoin, limit: number, { reads }: CommandParts): Promise<NewestEntries> {
  if (limit === 0 || channel.logClass === 'live') return { entries: [], seq: channel.lastSeq };
  return reads.newest(channel, limit);
}

async function knowMembers(view: PresenceView, deadlineMs: number): Promise<void> {
  await untilDeadline(view.whenKnown(), deadlineMs);
  if (!view.isKnown) throw new BusError('UNAVAILABLE');
}

/** Who is there. The joiner itself may be on its way into the list, and is a member all the same. */
function membersOf(
  { list }: PresenceView,
  session: Session,
  ownMeta = session.meta,
): Pick<Result, 'members' | 'total' | 'counts_only'> {
  if (list.isCountsOnly) return { total: list.total, counts_only: true };
  const members: Members = list.members().map(memberOf);
  const isListed = members.some((member) => member.client_id === session.clientId);
  const all = isListed ? members : [...members, memberOf({ ...memberOfSession(session), meta: ownMeta })];
  return { members: all, total: all.length };
}

/** Whether everything after the client's position can still be had (LOG-9). */
interface Recovery {
  /** Sequence to go on after; undefined = at the present position. */
  readonly from: number | undefined;
  readonly result: Pick<Result, 'recovered' | 'reason'>;
}

async function judgeRecovery(
  channel: LocalChannel,
  from: Args['from'],
  { log, reads, gaps, coalescer }: CommandParts,
): Promise<Recovery> {
  if (from === undefined) return { from: undefined, result: {} };
  if (channel.logClass === 'live') return lost('no_log');
  // The log may be another one since a moment ago, and its channels not have been looked at yet.
  if (from.epoch !== channel.epoch || from.epoch !== (await log.end(channel.address)).epoch) {
    return lost('epoch_changed');
  }
  // Another Shield was faster: what the client has is on its way here, unless the log has lost it.
  if (from.seq > channel.lastSeq && (await log.position(channel.address, from.seq)).lastSeq >= from.seq) {
    await gaps.reach(channel, from.seq);
    coalescer.flush();
  }
  if (from.seq > channel.lastSeq) {
    // A position that was given where the channel held nothing: none of its publications has it.
    if (!(await log.isWholeAfter(channel.address, from.seq))) return lost('trimmed');
    return { from: from.seq, result: { recovered: true } };
  }
  if (from.seq < channel.lastSeq) {
    const { entries, isErased } = await readAfter(reads, channel, from.seq, channel.lastSeq);
    if (!isErased && isHole(channel, from.seq, entries[0])) return lost('trimmed');
  }
  return { from: from.seq, result: { recovered: true } };
}

function lost(reason: Hole): Recovery {
  return { from: undefined, result: { recovered: false, reason } };
}

function commit(
  session: Session,
  join: PreparedJoin,
  args: ParsedArgs,
  { history, recovery, roomRecovery }: Found,
  parts: CommandParts,
): CommandOutcome<Result> {
  const { channel } = join;
  const { room, channel: name } = channel.address;
  const pausedAt = pausedAtOf(session, channel);
  const start = recovery.from ?? Math.min(pausedAt ?? Number.POSITIVE_INFINITY, startOf(channel, history));
  // Who is joined again while it is paused begins anew where it was, so that nothing is written before this reply.
  const isBehind = start < channel.lastSeq || pausedAt !== undefined;
  const roomStart = roomStartOf(session, join, roomRecovery);
  const isRoomBehind = roomStart !== undefined && roomStart < join.roomChannel.lastSeq;
  const subscription = parts.subscriptions.commit(session, join, {
    echo: args.echo === true,
    behindSeq: isBehind ? start : undefined,
    meta: args.ownMeta,
    roomBehindSeq: isRoomBehind ? roomStart : undefined,
  });
  parts.membership.joined(session, room, name);
  const { recovered } = recovery.result;
  parts.activity.presence(session, 'join', { room, channel: name });
  if (recovered !== undefined) parts.recoveries.recovery('join', recovered);
  const result: Result = {
    room,
    channel: name,
    ...(channel.logClass === 'live' ? {} : { epoch: channel.epoch, seq: positionOf(channel, start) }),
    ...(join.view === undefined ? {} : membersOf(join.view, session, args.ownMeta)),
    ...(history === undefined ? {} : { publications: publicationsOf(session, history, channel, parts) }),
    ...recovery.result,
    ...(roomStart === undefined ? {} : roomLogOf(join.roomChannel, roomStart, roomRecovery)),
  };
  const roomSubscription = session.subscriptions.get(join.roomChannel.name);
  const afterReply = (): void => {
    if (isBehind) parts.slowConsumers.startBehind(session, subscription, start);
    if (isRoomBehind && roomSubscription !== undefined) {
      parts.slowConsumers.startBehind(session, roomSubscription, roomStart);
    }
  };
  return isBehind || isRoomBehind ? { result, afterReply } : { result };
}

/** Where the messages to the whole room begin that come with this join; undefined when they come already. */
function roomStartOf(session: Session, { channel, roomChannel }: PreparedJoin, { from }: Recovery): number | undefined {
  if (channel === roomChannel || session.subscriptions.has(roomChannel.name)) return undefined;
  return from ?? roomChannel.lastSeq;
}

function roomLogOf(roomChannel: LocalChannel, seq: number, { result }: Recovery): Pick<Result, 'room_log'> {
  const { logClass, epoch } = roomChannel;
  if (logClass === 'live') return result.recovered === undefined ? {} : { room_log: result };
  return { room_log: { epoch, seq: positionOf(roomChannel, seq), ...result } };
}

/** Where a channel holds nothing, 0 would not tell from what time on nothing is missed. */
function positionOf({ lastSeq, endSeq }: LocalChannel, seq: number): number {
  return seq === 0 && lastSeq === 0 ? endSeq : seq;
}

/**
 * Where somebody without a position begins: after the publications of the reply, since more may have been delivered
 * since they were read; before the one value of a `state` channel, which a joiner gets at once; else now.
 */
function startOf({ logClass, lastSeq }: LocalChannel, history: NewestEntries | undefined): number {
  if (history !== undefined && (history.entries.length > 0 || logClass !== 'state'))
    return Math.min(history.seq, lastSeq);
  return logClass === 'state' ? 0 : lastSeq;
}

/** Where a subscription is that is out of its topic; undefined when it is not, or where no log keeps what it misses. */
function pausedAtOf(session: Session, { name, logClass }: LocalChannel): number | undefined {
  const known = session.subscriptions.get(name);
  if (known === undefined || known.isAttached || logClass === 'live') return undefined;
  return session.slow?.marks.get(name)?.seq ?? known.behindSeq;
}

/** The newest ones, oldest first. What the topics have not had yet comes by topic, and must not come twice. */
function publicationsOf(
  session: Session,
  { entries }: NewestEntries,
  { lastSeq, epoch }: LocalChannel,
  { limits, views }: CommandParts,
): readonly Publication[] {
  const settled = entries.filter((entry) => entry.seq <= lastSeq);
  const reveal = (envelope: Envelope): Envelope => views.reveal(session, envelope);
  return pageOf(settled, { epoch, maxBytes: limits.pageBytes, reveal }).publications.toReversed();
}
