import type { ClientId } from '@arqonbus/protocol';
import {
  HolderRequestSchema,
  HolderResultSchema,
  HolderResult_State,
  create,
  readMessage,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import type { HolderRequest } from '@arqonbus/protocol/spine-messages';
import { requestsToShield } from '@arqonbus/spine';
import type { Spine, SpineSubscription } from '@arqonbus/spine';
import type { MembershipReporter } from '../membership/membership-reporter.ts';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { isResumable } from './is-resumable.ts';
import type { LostClients } from './lost-clients.ts';

/** What answering for held sessions needs from around it. */
export interface HolderOptions {
  readonly node: string;
  readonly spine: Spine;
  readonly sessions: SessionRegistry;
  readonly lost: LostClients;
  readonly membership: Pick<MembershipReporter, 'resumedElsewhere'>;
  readonly endReplaced: (session: Session) => void;
  readonly onMalformed: () => void;
}

/** Tells other Shields what became of the sessions that this one held, and lets go of those that were resumed (PRT-7). */
export function serveHolder(options: HolderOptions): SpineSubscription {
  return options.spine.serve(requestsToShield(options.node), (data) => {
    const request = readMessage(HolderRequestSchema, data);
    if (request === undefined) {
      options.onMalformed();
      return undefined;
    }
    const state = stateOf(request, options);
    if (request.take) letGo(request, options);
    return toBinary(HolderResultSchema, create(HolderResultSchema, { state }));
  });
}

function stateOf(request: HolderRequest, { sessions, lost }: HolderOptions): HolderResult_State {
  const { tenant, clientId, generation } = request;
  const session = sessions.get(clientId);
  if (session === undefined) {
    return lost.has(tenant, clientId as ClientId, generation) ? HolderResult_State.LOST : HolderResult_State.GONE;
  }
  if (session.tenant !== tenant || session.generation !== generation) return HolderResult_State.GONE;
  if (session.closingCode === undefined) return HolderResult_State.OPEN;
  return isResumable(session.closingCode) ? HolderResult_State.LOST : HolderResult_State.GONE;
}

function letGo(request: HolderRequest, { sessions, lost, membership, endReplaced }: HolderOptions): void {
  const session = sessions.get(request.clientId);
  if (session === undefined) {
    lost.delete(request.clientId as ClientId);
    membership.resumedElsewhere(request.tenant, request.clientId);
  } else if (session.tenant === request.tenant && session.generation <= request.generation) {
    endReplaced(session);
  }
}
