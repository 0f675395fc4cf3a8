import type { BanRecord } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { jsonBytes, takePage } from '../paging/page.ts';
import { parseTenant, parseUser } from '../requests/parse-request.ts';
import { afterSettled } from '../partitions/after-settled.ts';
import type { BanStore } from './ban-store.ts';
import { disconnect } from './disconnect.ts';
import type { DisconnectParts } from './disconnect.ts';

/** Names of the fields and the times of one ban in a JSON frame. */
const FIELDS_BYTES = 80;

/** Serves `bans.disconnect` of one partition. */
export function serveDisconnects(parts: DisconnectParts, observer: RpcObserver): readonly SpineSubscription[] {
  return [serveBrain(parts.spine, 'bans.disconnect', afterSettled(parts, disconnect), observer, parts.partition)];
}

/** What listing and lifting bans needs. */
export interface BansParts {
  readonly spine: Spine;
  readonly bans: BanStore;
  readonly pageBytes: number;
}

/** Serves `bans.list` and `lift`, which any Brain answers. */
export function serveBans({ spine, bans, pageBytes }: BansParts, observer: RpcObserver): readonly SpineSubscription[] {
  return [
    serveBrain(
      spine,
      'bans.list',
      async (request) => {
        const all = await bans.list(parseTenant(request.tenant));
        return takePage(all, request, { keyOf: (ban) => ban.user, sizeOf, pageBytes });
      },
      observer,
    ),
    serveBrain(
      spine,
      'bans.lift',
      async (request) => {
        const lifted = await bans.lift(parseTenant(request.tenant), parseUser(request.user));
        return { lifted };
      },
      observer,
    ),
  ];
}

function sizeOf({ user, reason }: BanRecord): number {
  return FIELDS_BYTES + jsonBytes(user) + jsonBytes(reason);
}
