import type { TenantId } from '@arqonbus/protocol';
import { TelemetryEventSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { evt } from '@arqonbus/spine';
import type { Spine, SpineSubscription } from '@arqonbus/spine';
import type { Counter } from '@arqonbus/telemetry';
import { activityEventNames } from '../activity/activity-events.ts';
import type { ActivityEvent } from '../activity/activity-events.ts';
import type { EventWriter } from './event-writer.ts';
import type { Follower } from './follower.ts';

/** The open followers, who hear of their own tenant alone (AUT-4). */
export interface TenantFollowers {
  /** Throws `BusError` where the Spine is closed; nothing is taken then. */
  add(follower: Follower): void;
  /** True when it was there. */
  remove(follower: Follower): boolean;
  countOf(tenant: TenantId): number;
  all(): IterableIterator<Follower>;
  size(): number;
}

/** What bringing events to followers needs from around it. */
export interface TenantFollowersOptions {
  readonly spine: Spine;
  readonly writer: EventWriter;
  readonly malformed: Counter;
}

interface Audience {
  readonly followers: Set<Follower>;
  readonly interests: readonly SpineSubscription[];
}

/** No followers yet. A tenant's events are heard from the Spine while it has one. */
export function createTenantFollowers(options: TenantFollowersOptions): TenantFollowers {
  const audiences = new Map<TenantId, Audience>();
  const all = new Set<Follower>();
  return {
    add: (follower) => {
      const { tenant } = follower.principal;
      const audience = audiences.get(tenant) ?? openAudience(tenant, options);
      audiences.set(tenant, audience);
      audience.followers.add(follower);
      all.add(follower);
    },
    remove: (follower) => {
      const { tenant } = follower.principal;
      const audience = audiences.get(tenant);
      if (audience === undefined || !audience.followers.delete(follower)) return false;
      all.delete(follower);
      if (audience.followers.size > 0) return true;
      audiences.delete(tenant);
      for (const interest of audience.interests) interest.unsubscribe();
      return true;
    },
    countOf: (tenant) => audiences.get(tenant)?.followers.size ?? 0,
    all: () => all.values(),
    size: () => all.size,
  };
}

function openAudience(tenant: TenantId, { spine, writer, malformed }: TenantFollowersOptions): Audience {
  const followers = new Set<Follower>();
  const interests = activityEventNames.map((type) =>
    spine.subscribe(evt(tenant, type), ({ data }) => {
      const event = readEvent(tenant, type, data);
      if (event === undefined) malformed.inc();
      else writer.write(followers, type, event.fields, event.atMs);
    }),
  );
  return { followers, interests };
}

/** Undefined = not an event of this kind and tenant. */
function readEvent(
  tenant: TenantId,
  type: ActivityEvent,
  data: Uint8Array,
): { readonly atMs: number; readonly fields: object } | undefined {
  try {
    const event = fromBinary(TelemetryEventSchema, data);
    if (event.tenant !== tenant || event.type !== type) return undefined;
    return { atMs: Number(event.atMs), fields: JSON.parse(new TextDecoder().decode(event.fields)) as object };
  } catch {
    return undefined;
  }
}
