import { createTokenBucket } from '@arqonbus/pipeline';
import type { Outcome, TokenBucket } from '@arqonbus/pipeline';
import type { ClientId, Clock, CommandName, ErrorCode, TenantId, UserId } from '@arqonbus/protocol';
import { TelemetryEventSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { evt } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { Metrics } from '@arqonbus/telemetry';
import { jsonBytes } from '../delivery/frames.ts';
import { activityRates } from './activity-events.ts';
import type { ActivityEvent } from './activity-events.ts';

/** Whom an event is about. */
export interface Actor {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly clientId: ClientId;
}

/**
 * Tells on the Spine what happens to sessions (TEL-4): ids, codes and names, never a payload, a token or free text of a
 * client. An accepted message is no event. Never throws; events beyond a tenant's rate are dropped and counted.
 */
export interface Activity {
  connected(actor: Actor): void;
  disconnected(actor: Actor, closeCode: number): void;
  commandExecuted(actor: Actor, command: CommandName): void;
  messageBlocked(actor: Actor, block: Extract<Outcome, { kind: 'block' }>): void;
  /** An operator or a ban ended the session. */
  sessionEnded(actor: Actor, code: ErrorCode): void;
  /** Forgets tenants of which nothing was told lately. */
  sweep(): void;
}

/** What telling needs from around it. */
export interface ActivityOptions {
  readonly spine: Spine;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Activity of one Shield. */
export function createActivity({ spine, clock, metrics }: ActivityOptions): Activity {
  const buckets = new Map<string, TokenBucket>();
  const dropped = metrics.labelledCounter(
    'arqonbus_activity_dropped_total',
    'Activity events not told, by event.',
    'event',
  );
  const mayTell = (tenant: TenantId, type: ActivityEvent): boolean => {
    const key = `${tenant}/${type}`;
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = createTokenBucket(activityRates[type], activityRates[type], clock.monotonicMs());
      buckets.set(key, bucket);
    }
    return bucket.take(1, clock.monotonicMs());
  };
  const tell = ({ tenant, user, clientId }: Actor, type: ActivityEvent, more: object): void => {
    try {
      if (mayTell(tenant, type)) {
        const fields = jsonBytes({ client_id: clientId, user, ...more });
        const event = create(TelemetryEventSchema, { type, tenant, atMs: BigInt(clock.now()), fields });
        spine.publish(evt(tenant, type), toBinary(TelemetryEventSchema, event));
        return;
      }
    } catch {
      // Without the Spine nobody can be told; the session itself must not feel it.
    }
    dropped.inc(type);
  };
  return {
    connected: (actor) => tell(actor, 'client_connected', {}),
    disconnected: (actor, code) => tell(actor, 'client_disconnected', { code }),
    commandExecuted: (actor, command) => tell(actor, 'command_executed', { command }),
    messageBlocked: (actor, { stage, code, reason }) => tell(actor, 'message_blocked', { stage, code, reason }),
    sessionEnded: (actor, code) => tell(actor, 'security_violation', { code }),
    sweep: () => {
      for (const [key, bucket] of buckets) if (bucket.isFull(clock.monotonicMs())) buckets.delete(key);
    },
  };
}
