import { formatTime, isErrorCode } from '@arqonbus/protocol';
import { EDGE_TIMEOUT_MS, commandAtEdge, deadlineIn } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { OutboxRow } from '@arqonbus/storage/outbox';
import type { Caller } from '../caller/caller.ts';
import { onlyOutcome } from '../operations/only-outcome.ts';

/** Before this time has passed the log knows the id of what is sent again (LOG-5), with something to spare. */
export const LOG_KNOWS_MS = 100_000;

/** Clocks of the database and of Shields may differ so much. */
const SKEW_MS = 60_000;
const PAGE = 500;
/** Further nobody looks; what is not found is published. */
const MAX_PAGES = 40;

/**
 * Which of these rows have been published, found in the history of their channels: they were tried so long ago that the log
 * would not know their ids again. A channel without a log, or whose history the key may not read, tells nothing.
 */
export async function findPublished(
  rows: readonly OutboxRow[],
  { caller, spine, nowMs }: { readonly caller: Caller; readonly spine: Spine; readonly nowMs: number },
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const longestMs = Math.max(...rows.map(({ triedMs = 0 }) => triedMs));
  const since = formatTime(Math.max(0, Math.floor(nowMs - longestMs - SKEW_MS)));
  const channels = new Set(rows.map(({ channel }) => channel));
  for (const room of channels) {
    const wanted = new Set(rows.flatMap((row) => (row.channel === room ? [row.messageId] : [])));
    let cursor: string | undefined;
    for (let pages = 0; pages < MAX_PAGES && wanted.size > 0; pages += 1) {
      const args = cursor === undefined ? { since } : { cursor };
      const page = await readIds({ room, limit: PAGE, ...args }, caller, spine);
      for (const id of page.ids) if (wanted.delete(id)) found.add(id);
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
  }
  return found;
}

interface IdsPage {
  readonly ids: readonly string[];
  readonly cursor?: string | undefined;
}

async function readIds(args: object, caller: Caller, spine: Spine): Promise<IdsPage> {
  const envelope = { type: 'command' as const, command: 'history', args: Buffer.from(JSON.stringify(args)) };
  const outcomes = await commandAtEdge(spine, { ...caller, messages: [{ envelope }] }, deadlineIn(EDGE_TIMEOUT_MS));
  const [outcome] = outcomes;
  if (outcome?.ok === false && isErrorCode(outcome.code) && NOTHING_TOLD.has(outcome.code)) return { ids: [] };
  const { payload } = onlyOutcome(outcomes);
  const publications = payload['publications'] as readonly { readonly id: string }[];
  const cursor = payload['cursor'];
  return { ids: publications.map(({ id }) => id), cursor: typeof cursor === 'string' ? cursor : undefined };
}

const NOTHING_TOLD = new Set(['AUTHORIZATION_ERROR', 'FEATURE_DISABLED', 'CHANNEL_NOT_FOUND', 'ROOM_NOT_FOUND']);
