import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { channelOut } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { FollowItem, FollowPosition, FollowRequest } from './follow-item.ts';
import { readPage } from './follow-page.ts';
import type { FollowPage } from './follow-page.ts';
import { Wakeups } from './wakeups.ts';

/** How soon a token or key that is taken no more ends the stream. */
const CHECK_MS = 1_000;
/** How often the log is asked though nothing was heard: a hint may be lost, and a ban or grant may have come. */
const POLL_EVERY_CHECKS = 15;

/**
 * Follows a log from a position. Each page is read when the reader has taken the one before, with the rights and views of
 * now: a slow reader costs nothing but itself.
 *
 * @yields the items of a page; an empty list = nothing for a while.
 */
export async function* followLog(
  request: FollowRequest,
  from: FollowPosition,
  spine: Spine,
): AsyncGenerator<readonly FollowItem[]> {
  const { room, channel, signal, identify } = request;
  const { tenant } = (await identify()).principal;
  let position = from;
  const wakeups = new Wakeups(signal);
  const interest = spine.subscribe(channelOut(tenant as TenantId, room, channel), () => wakeups.wake());
  try {
    yield [];
    for (let quietChecks = 0; !signal.aborted;) {
      const page = await readPage(request, await identify(), spine, position.seq);
      if (page === undefined) throw new BusError('FEATURE_DISABLED', 'The channel keeps its log no more.');
      const next = describePage(page, position);
      if (next.items.length > 0) yield next.items;
      position = next.position;
      if (page.cursor !== undefined && page.epoch === position.epoch) continue;
      for (quietChecks = 0; !signal.aborted && quietChecks < POLL_EVERY_CHECKS; quietChecks++) {
        if (await wakeups.wait(CHECK_MS)) break;
        await identify();
      }
      if (quietChecks === POLL_EVERY_CHECKS) yield [];
    }
  } finally {
    interest.unsubscribe();
  }
}

/** The page as items, and where the reader stands after it. */
function describePage(
  page: FollowPage,
  { epoch, seq }: FollowPosition,
): { readonly items: readonly FollowItem[]; readonly position: FollowPosition } {
  if (page.epoch !== epoch) {
    // Sequences of another epoch are another log's: what lies between cannot be told.
    const position = { epoch: page.epoch, seq: page.last_seq };
    return { items: [{ kind: 'gap', reason: 'epoch_changed', position }], position };
  }
  const [first] = page.publications;
  const isHole = first !== undefined && seq > 0 && page.first_seq > seq && first.prev_seq !== seq;
  const hole: readonly FollowItem[] = isHole ? [{ kind: 'gap', reason: 'trimmed', position: { epoch, seq } }] : [];
  const publications = page.publications.map((publication, index) => ({
    kind: 'publication' as const,
    json: page.texts[index] ?? new Uint8Array(0),
    position: { epoch, seq: publication.seq },
  }));
  return { items: [...hole, ...publications], position: { epoch, seq: page.publications.at(-1)?.seq ?? seq } };
}
