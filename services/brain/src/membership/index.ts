import type { TenantId } from '@arqonbus/protocol';
import type {
  MembersRequest,
  MembershipReport,
  RoomCountsRequest,
  TenantCountRequest,
} from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { BrainResult, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { afterSettled } from '../partitions/after-settled.ts';
import { parseChannelOrRoom, parseRoom, parseTenant } from '../requests/parse-request.ts';
import { pageOfMembers } from './member-page.ts';
import type { MembershipState } from './membership-state.ts';

/** What the membership module answers from, in one partition. */
export interface MembershipParts {
  readonly partition: number;
  readonly state: MembershipState;
  /** Takes a report in; true = a snapshot is wanted next. */
  readonly takeReport: (report: MembershipReport) => boolean;
  /** Rooms and channels that a tenant has, members or not. */
  readonly countChannels: (tenant: TenantId) => { readonly rooms: number; readonly channels: number };
  readonly pageBytes: number;
  readonly whenSettled: () => Promise<void>;
}

/** Serves `membership.report` of one partition. */
export function serveReports(
  spine: Spine,
  { partition, takeReport }: Pick<MembershipParts, 'partition' | 'takeReport'>,
  observer: RpcObserver,
): readonly SpineSubscription[] {
  const report = (request: MembershipReport) => ({ snapshotWanted: takeReport(request) });
  return [serveBrain(spine, 'membership.report', report, observer, partition)];
}

/** Serves `membership.members`, `rooms` and `count` of one partition. */
export function serveMembership(
  spine: Spine,
  parts: Omit<MembershipParts, 'takeReport'>,
  observer: RpcObserver,
): readonly SpineSubscription[] {
  const { partition } = parts;
  return [
    serveBrain(spine, 'membership.members', afterSettled(parts, members), observer, partition),
    serveBrain(spine, 'membership.rooms', afterSettled(parts, roomCounts), observer, partition),
    serveBrain(spine, 'membership.count', afterSettled(parts, count), observer, partition),
  ];
}

function members(
  { state, pageBytes }: Pick<MembershipParts, 'state' | 'pageBytes'>,
  request: MembersRequest,
): Pick<BrainResult<'membership.members'>, 'members' | 'cursor' | 'total'> {
  const [tenant, room] = [parseTenant(request.tenant), parseRoom(request.room)];
  const address = { tenant, room, channel: parseChannelOrRoom(request.channel) };
  const { items, cursor, total } = pageOfMembers(state, address, request, pageBytes);
  return { members: items, cursor, total };
}

function roomCounts(
  { state }: Pick<MembershipParts, 'state'>,
  { tenant, rooms }: RoomCountsRequest,
): { readonly members: number[] } {
  const id = parseTenant(tenant);
  return { members: rooms.map((room) => state.clientsIn(id, parseRoom(room), '*').size) };
}

function count(
  { state, countChannels }: Pick<MembershipParts, 'state' | 'countChannels'>,
  request: TenantCountRequest,
): Pick<BrainResult<'membership.count'>, 'connections' | 'rooms' | 'channels'> {
  const tenant = parseTenant(request.tenant);
  return { connections: state.connections(tenant), ...countChannels(tenant) };
}
