import { BusError } from '@arqonbus/protocol';
import type { Spine } from '@arqonbus/spine';
import type { FollowItem, FollowRequest } from './follow-item.ts';
import { followLive } from './follow-live.ts';
import { readPage } from './follow-page.ts';
import { followLog } from './follow-log.ts';

/**
 * What is published to a channel, as it is published. Of one that keeps a log, what was missed after a position comes first,
 * none twice and none missing; where that cannot be, a gap says so (LOG-9). A `live` one begins now, and has no positions. The
 * right is that of `history`, asked again as it goes on; who it may be read by is never older than a second.
 *
 * @yields what is there at once, in order; an empty list = nothing for a while.
 */
export async function* followChannel(request: FollowRequest, spine: Spine): AsyncGenerator<readonly FollowItem[]> {
  const caller = await request.identify();
  const newest = await readPage(request, caller, spine, undefined);
  if (newest !== undefined) {
    const { epoch, last_seq: seq } = newest;
    yield* followLog(request, request.after ?? { epoch, seq }, spine);
    return;
  }
  if (request.after !== undefined) throw new BusError('VALIDATION_ERROR', 'The channel keeps no log to go on in.');
  yield* followLive(request, caller, spine);
}
