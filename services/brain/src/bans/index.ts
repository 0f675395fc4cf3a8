import type { BanRecord } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, SpineSubscription } from '@arqonbus/spine';
import { jsonBytes, takePage } from '../paging/page.ts';
import { parseTenant, parseUser } from '../requests/parse-request.ts';
import { disconnect } from './disconnect.ts';
import type { BansParts } from './disconnect.ts';

/** Names of the fields and the times of one ban in a JSON frame. */
const FIELDS_BYTES = 80;

/** Serves `bans.disconnect`, `list` and `lift`. */
export function serveBans(parts: BansParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine, bans, pageBytes } = parts;
  return [
    serveBrain(spine, 'bans.disconnect', (request) => disconnect(parts, request), observer),
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
