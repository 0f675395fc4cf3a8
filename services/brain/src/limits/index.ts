import type { Limits } from '@arqonbus/protocol';
import { SharesChangedSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ShareRequest } from '@arqonbus/protocol/spine-messages';
import { ctl, serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { MembershipState } from '../membership/membership-state.ts';
import { parseTenant } from '../requests/parse-request.ts';
import { splitLimit } from './split-limit.ts';
import type { TenantDemands } from './tenant-demands.ts';

/** What granting shares needs, in one partition. */
export interface LimitsParts {
  readonly partition: number;
  readonly spine: Spine;
  readonly state: MembershipState;
  readonly demands: TenantDemands;
  readonly limits: ClusterLimits;
}

/** The limits that hold for the whole cluster (PRT-27). */
export type ClusterLimits = Pick<
  Limits,
  'messagesPerTenantPerSecond' | 'bytesPerTenantPerSecond' | 'connectionsPerUser' | 'connectionsPerTenant'
>;

/** From how many connections on Shields are told of a user: two of them may let in as many at the same moment. */
export function busyFrom({ connectionsPerUser }: ClusterLimits): number {
  return Math.ceil(connectionsPerUser / 2);
}

const CHANGES = ctl('limits');

/** Serves `limits.share` of one partition. Whoever took the partition over grants from what it hears, at once. */
export function serveLimits(parts: LimitsParts, observer: RpcObserver): readonly SpineSubscription[] {
  const share = (request: ShareRequest) => grantShares(parts, request);
  return [serveBrain(parts.spine, 'limits.share', share, observer, parts.partition)];
}

function grantShares(
  { spine, state, demands, limits, partition }: LimitsParts,
  { node, tenants }: ShareRequest,
): { readonly tenants: TenantShareInit[] } {
  let isChanged = false;
  for (const usage of tenants) isChanged = demands.note(node, usage) || isChanged;
  // The other Shields of the tenant hold more than their part now.
  if (isChanged) spine.publish(CHANGES, toBinary(SharesChangedSchema, create(SharesChangedSchema, { partition })));
  return {
    tenants: tenants.map(({ tenant: name }) => {
      const tenant = parseTenant(name);
      const all = [...demands.of(tenant).values()];
      const own = demands.of(tenant).get(node) ?? { messages: 0, bytes: 0 };
      const { messagesPerTenantPerSecond: messages, bytesPerTenantPerSecond: bytes } = limits;
      return {
        messages: splitLimit(
          messages,
          own.messages,
          all.map((demand) => demand.messages),
        ),
        bytes: splitLimit(
          bytes,
          own.bytes,
          all.map((demand) => demand.bytes),
        ),
        connections: state.connections(tenant),
        users: [...state.busyUsers(tenant)],
      };
    }),
  };
}

interface TenantShareInit {
  readonly messages: number;
  readonly bytes: number;
  readonly connections: number;
  readonly users: { readonly user: string; readonly connections: number }[];
}
