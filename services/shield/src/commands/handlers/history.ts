import { BusError } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult, Envelope } from '@arqonbus/protocol';
import type { ChannelAddress, ReadRange } from '@arqonbus/spine';
import { pageOf } from '../../delivery/publication.ts';
import { MAX_ROOM_CHANNELS, parseRoomCursor } from '../../history/room-cursor.ts';
import { readRoomPage } from '../../history/room-page.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { NO_CURSOR, invalid } from '../arguments.ts';
import { resolveChannelOrRoom } from '../command-target.ts';
import { requireRight } from '../require-right.ts';
import { parseTimeArgument } from '../time-argument.ts';

type Args = CommandArgs<'history'>;

const DEFAULT_PAGE = 50;
const CURSOR = /^s(\d{1,16})$/;

/** Reads a page of a channel's log, or of all logs of a room that the caller may read (LOG-19). */
export function history(
  call: CommandCall,
  args: Args,
  parts: CommandParts,
): Promise<CommandOutcome<CommandResult<'history'>>> {
  const { room, address } = resolveChannelOrRoom(call.session, call.envelope, args);
  return address === undefined ? roomHistory(call, room, args, parts) : channelHistory(call, address, args, parts);
}

/** The cursor is the sequence to go on from, in the order of the first page. */
async function channelHistory(
  { session }: CommandCall,
  address: ChannelAddress,
  args: Args,
  { archivedLog, profileOf, limits, views }: CommandParts,
): Promise<CommandOutcome<CommandResult<'history'>>> {
  requireRight(session, 'history', address.room, address.channel);
  if (profileOf(address.room, address.channel).logClass === 'live') {
    throw new BusError('FEATURE_DISABLED', 'The channel keeps no history.');
  }
  const limit = Math.min(args.limit ?? DEFAULT_PAGE, limits.historyPage);
  const read = await archivedLog.openEpoch(address, args.epoch);
  const range = rangeOf(args);
  const [position, entries] = await Promise.all([
    read.log.position(address),
    read.log.read(address, { ...range, limit: limit + 1 }),
  ]);
  const page = pageOf(entries.slice(0, limit), {
    epoch: position.epoch,
    maxBytes: limits.pageBytes,
    reveal: (envelope) => views.reveal(session, envelope),
  });
  const isMore = page.isCut || entries.length > limit;
  const isBegin = (range.afterSeq ?? 0) === 0 && (args.order !== 'newest' || !isMore);
  const earlier = isBegin ? await read.earlierEpoch(address, position.epoch, range) : undefined;
  return {
    result: {
      publications: page.publications,
      ...(isMore ? { cursor: `s${page.lastSeq}` } : {}),
      epoch: position.epoch,
      first_seq: position.firstSeq,
      last_seq: position.lastSeq,
      ...(earlier === undefined ? {} : { earlier_epoch: earlier }),
      ...(read.isIncomplete() ? { incomplete: true } : {}),
    },
  };
}

/** What the caller may not read is left out as if it were not there. */
async function roomHistory(
  { session }: CommandCall,
  room: string,
  args: Args,
  { archivedLog, limits, longReads, views }: CommandParts,
): Promise<CommandOutcome<CommandResult<'history'>>> {
  for (const name of ['after_seq', 'before_seq', 'epoch'] as const) {
    if (args[name] !== undefined) throw invalid([{ field: `args.${name}`, problem: 'needs a channel' }]);
  }
  const cursor = args.cursor === undefined ? undefined : parseRoomCursor(args.cursor);
  const order = args.order ?? cursor?.order ?? 'oldest';
  if (args.cursor !== undefined && cursor?.order !== order) throw invalid([NO_CURSOR]);
  const window = { order, ...timesOf(args) };
  const limit = Math.min(args.limit ?? DEFAULT_PAGE, limits.historyPage);
  return longReads.run(session, async () => {
    const { log, isIncomplete } = archivedLog.open();
    const held = await log.channels(session.tenant, room);
    const channels = held.filter(({ channel }) => session.rights.may('history', room, channel));
    if (channels.length > MAX_ROOM_CHANNELS) {
      throw invalid([{ field: 'args.channel', problem: `is required: more than ${MAX_ROOM_CHANNELS} could be read` }]);
    }
    const maxBytes = limits.pageBytes;
    const reveal = (envelope: Envelope): Envelope => views.reveal(session, envelope);
    const page = { tenant: session.tenant, room, channels, window, cursor, limit, maxBytes, reveal };
    const read = await readRoomPage(log, page);
    return { result: isIncomplete() ? { ...read, incomplete: true } : read };
  });
}

/** The range of this page. Bounds are exclusive; a cursor moves the one that the order begins at. */
function rangeOf(args: Args): Omit<ReadRange, 'limit'> {
  const order = args.order ?? 'oldest';
  const cursor = args.cursor === undefined ? undefined : parseCursor(args.cursor);
  const afterSeq = order === 'oldest' ? (cursor ?? args.after_seq) : args.after_seq;
  const beforeSeq = order === 'newest' ? (cursor ?? args.before_seq) : args.before_seq;
  return {
    order,
    ...(afterSeq === undefined ? {} : { afterSeq }),
    ...(beforeSeq === undefined ? {} : { beforeSeq }),
    ...timesOf(args),
  };
}

function timesOf(args: Args): Pick<ReadRange, 'sinceMs' | 'untilMs'> {
  const sinceMs = parseTimeArgument('since', args.since);
  const untilMs = parseTimeArgument('until', args.until);
  return {
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

function parseCursor(cursor: string): number {
  const seq = Number(CURSOR.exec(cursor)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(seq)) throw invalid([NO_CURSOR]);
  return seq;
}
