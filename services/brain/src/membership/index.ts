import type { TenantId } from '@arqonbus/protocol';
import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { parseChannelOrRoom, parseRoom, parseTenant } from '../requests/parse-request.ts';
import { pageOfMembers } from './member-page.ts';
import type { MembershipReports } from './membership-reports.ts';
import type { MembershipState } from './membership-state.ts';

/** What the membership module answers from. */
export interface MembershipParts {
  readonly state: MembershipState;
  readonly reports: MembershipReports;
  /** Rooms and channels that a tenant has, members or not. */
  readonly countChannels: (tenant: TenantId) => { readonly rooms: number; readonly channels: number };
  readonly pageBytes: number;
}

/** Serves `membership.report`, `membership.members` and `membership.count`. */
export function serveMembership(
  spine: Spine,
  parts: MembershipParts,
  observer: RpcObserver,
): readonly SpineSubscription[] {
  const { state, reports, countChannels, pageBytes } = parts;
  return [
    serveBrain(spine, 'membership.report', (report) => ({ snapshotWanted: reports.take(report) }), observer),
    serveBrain(
      spine,
      'membership.members',
      (request) => {
        const clients = state.clientsIn(
          parseTenant(request.tenant),
          parseRoom(request.room),
          parseChannelOrRoom(request.channel),
        );
        const { items, cursor } = pageOfMembers(clients.keys(), request, pageBytes);
        return { members: items, cursor, total: clients.size };
      },
      observer,
    ),
    serveBrain(
      spine,
      'membership.count',
      (request) => {
        const tenant = parseTenant(request.tenant);
        return { connections: state.connections(tenant), ...countChannels(tenant) };
      },
      observer,
    ),
  ];
}
