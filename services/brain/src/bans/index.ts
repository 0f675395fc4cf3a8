import type { BanRecord, LiftBanRequest } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { Audit } from '../audit/audit.ts';
import { digestOf } from '../audit/audit-record.ts';
import { jsonBytes, takePage } from '../paging/page.ts';
import { parseRequester, parseTenant, parseTraceId, parseUser } from '../requests/parse-request.ts';
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
  readonly audit: Audit;
  readonly pageBytes: number;
}

/** Serves `bans.list` and `lift`, which any Brain answers. */
export function serveBans(parts: BansParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine, bans, pageBytes } = parts;
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
    serveBrain(spine, 'bans.lift', (request) => lift(parts, request), observer),
  ];
}

async function lift({ bans, audit }: BansParts, request: LiftBanRequest): Promise<{ readonly lifted: boolean }> {
  const tenant = parseTenant(request.tenant);
  const user = parseUser(request.user);
  const stored = await bans.stored(tenant, user);
  if (stored === undefined) return { lifted: false };
  const action = {
    tenant,
    actor: parseRequester(request.requestedBy),
    action: 'op.ban.lift',
    target: `user:${user}`,
    traceId: parseTraceId(request.traceId),
    before: digestOf(stored),
  };
  return { lifted: await audit.run(action, () => bans.lift(tenant, user)) };
}

function sizeOf({ user, reason }: BanRecord): number {
  return FIELDS_BYTES + jsonBytes(user) + jsonBytes(reason);
}
