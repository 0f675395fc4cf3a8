import { BusError, MAX_TIME_MS, decodeTrustedProtoEnvelope, encodeJsonEnvelope } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { channelOut } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { Caller } from '../caller/caller.ts';
import type { FollowItem, FollowRequest } from './follow-item.ts';
import { readPage } from './follow-page.ts';
import { Wakeups } from './wakeups.ts';

/** How old what is known of a reader's rights may be. */
const CHECK_MS = 1_000;
const QUIET_CHECKS = 15;
/** What may wait for a reader; beyond it what waits is dropped, and a gap is told. */
const MAX_WAITING = 1_000;
const MAX_WAITING_BYTES = 4_194_304;

/**
 * Follows a channel that keeps no log, from now on. What CASIL shows to some readers alone is shown to none here: a Bridge
 * has no key to it (CAS-12).
 *
 * @yields what has come since the reader took the last; an empty list = nothing for a while.
 */
export async function* followLive(
  request: FollowRequest,
  caller: Caller,
  spine: Spine,
): AsyncGenerator<readonly FollowItem[]> {
  const { room, channel, signal, identify } = request;
  const wakeups = new Wakeups(signal);
  const waiting = new LiveQueue();
  const subject = channelOut(caller.principal.tenant as TenantId, room, channel);
  const interest = spine.subscribe(subject, ({ data }) => {
    waiting.push(data);
    wakeups.wake();
  });
  try {
    yield [];
    let checkedMs = performance.now();
    for (let quietChecks = 0; !signal.aborted;) {
      const wasWoken = await wakeups.wait(CHECK_MS);
      if (signal.aborted) return;
      if (performance.now() - checkedMs >= CHECK_MS) {
        const page = await readPage(request, await identify(), spine, undefined);
        if (page !== undefined) throw new BusError('CONFLICT', 'The channel keeps a log now; follow it anew.');
        checkedMs = performance.now();
      }
      quietChecks = wasWoken ? 0 : quietChecks + 1;
      const items = waiting.take();
      if (items.length > 0 || quietChecks % QUIET_CHECKS === QUIET_CHECKS - 1) yield items;
    }
  } finally {
    interest.unsubscribe();
  }
}

/** What has come and has not been taken, bounded. */
class LiveQueue {
  #items: FollowItem[] = [];
  #bytes = 0;

  push(data: Uint8Array): void {
    const json = jsonOf(data);
    if (json === undefined) return;
    if (this.#items.length >= MAX_WAITING || this.#bytes + json.length > MAX_WAITING_BYTES) {
      this.#items = [{ kind: 'gap', reason: 'too_slow', position: undefined }];
      this.#bytes = 0;
    }
    this.#items.push({ kind: 'publication', json, position: undefined });
    this.#bytes += json.length;
  }

  take(): readonly FollowItem[] {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return items;
  }
}

/** Undefined for what could not be written to a client (SPN-3). */
function jsonOf(data: Uint8Array): Uint8Array | undefined {
  const envelope = decodeTrustedProtoEnvelope(data);
  if (envelope === undefined || envelope.timestampMs < 0 || envelope.timestampMs > MAX_TIME_MS) return undefined;
  return encodeJsonEnvelope({ ...envelope, views: new Uint8Array(0) });
}
