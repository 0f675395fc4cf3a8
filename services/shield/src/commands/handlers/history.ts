import { BusError, parseTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { ReadRange } from '@arqonbus/spine';
import { pageOf } from '../../delivery/publication.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { invalid } from '../arguments.ts';
import { resolveChannel } from '../command-target.ts';
import { requireRight } from '../require-right.ts';

type Args = CommandArgs<'history'>;

const DEFAULT_PAGE = 50;
const CURSOR = /^s(\d{1,16})$/;

/** Reads a page of a channel's log. The cursor is the sequence to go on from, in the order of the first page. */
export async function history(
  { session, envelope }: CommandCall,
  args: Args,
  { log, profileOf, limits }: CommandParts,
): Promise<CommandOutcome<CommandResult<'history'>>> {
  const address = resolveChannel(session, envelope, args);
  requireRight(session, 'history', address.room, address.channel);
  if (profileOf(address.room, address.channel).logClass === 'live') {
    throw new BusError('FEATURE_DISABLED', 'The channel keeps no history.');
  }
  const limit = Math.min(args.limit ?? DEFAULT_PAGE, limits.historyPage);
  const [position, entries] = await Promise.all([
    log.position(address),
    log.read(address, { ...rangeOf(args), limit: limit + 1 }),
  ]);
  const page = pageOf(entries.slice(0, limit), position.epoch, limits.pageBytes);
  const isMore = page.isCut || entries.length > limit;
  return {
    result: {
      publications: page.publications,
      ...(isMore ? { cursor: `s${page.lastSeq}` } : {}),
      epoch: position.epoch,
      first_seq: position.firstSeq,
      last_seq: position.lastSeq,
    },
  };
}

/** The range of this page. Bounds are exclusive; a cursor moves the one that the order begins at. */
function rangeOf(args: Args): Omit<ReadRange, 'limit'> {
  const order = args.order ?? 'oldest';
  const cursor = args.cursor === undefined ? undefined : parseCursor(args.cursor);
  const afterSeq = order === 'oldest' ? (cursor ?? args.after_seq) : args.after_seq;
  const beforeSeq = order === 'newest' ? (cursor ?? args.before_seq) : args.before_seq;
  const sinceMs = parseBound('since', args.since);
  const untilMs = parseBound('until', args.until);
  return {
    order,
    ...(afterSeq === undefined ? {} : { afterSeq }),
    ...(beforeSeq === undefined ? {} : { beforeSeq }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

function parseCursor(cursor: string): number {
  const seq = Number(CURSOR.exec(cursor)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(seq)) throw invalid([{ field: 'args.cursor', problem: 'is not a cursor of this command' }]);
  return seq;
}

function parseBound(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseTime(text);
  if (ms === undefined) throw invalid([{ field: `args.${name}`, problem: 'must be an RFC 3339 time' }]);
  return ms;
}
