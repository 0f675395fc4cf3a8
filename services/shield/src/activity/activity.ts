import type { Outcome } from '@arqonbus/pipeline';
import { createEnvelope, encodeProtoEnvelope, isReservedRoom } from '@arqonbus/protocol';
import type { ClientId, Clock, CommandName, ErrorCode, MessageId, TenantId, UserId } from '@arqonbus/protocol';
import { TelemetryEventSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { channelOut, evt } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { Metrics } from '@arqonbus/telemetry';
import { jsonBytes } from '../delivery/frames.ts';
import type { ActivityEvent } from './activity-events.ts';
import { createRations } from './rations.ts';

/** Whom an event is about. */
export interface Actor {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly clientId: ClientId;
  /** What it said it was; absent = nobody knows. */
  readonly description?: { readonly clientType: string };
}

/** A channel that something happened in or to. */
export interface Place {
  readonly room: string;
  readonly channel: string;
}

/**
 * Tells what happens to sessions, on the Spine for the telemetry stream and in `integriguard:telemetry-stream` of the
 * tenant; what clients other than people do, as `agent_activity` in `integriguard:dashboard-events` too. Nothing is told
 * of what happens in reserved rooms (PRT-26). It tells of sessions (TEL-4): ids, codes and names, never a payload, a token or free text of a
 * client. An accepted message is no event. Never throws; events beyond a tenant's rate are dropped and counted.
 */
export interface Activity {
  connected(actor: Actor): void;
  disconnected(actor: Actor, closeCode: number): void;
  commandExecuted(actor: Actor, command: CommandName): void;
  channelCreated(actor: Actor, place: Place): void;
  channelDeleted(actor: Actor, place: Place): void;
  /** A client joined or left a channel. Who disconnects leaves all of them without a word of each. */
  presence(actor: Actor, action: 'join' | 'leave', place: Place): void;
  messageBlocked(actor: Actor, block: Extract<Outcome, { kind: 'block' }>): void;
  /** Something was found in what a client sent, or it could not be looked at (CAS-10). */
  casilDecision(actor: Actor, place: Place, decision: object): void;
  /** What was decided about content in a tenant lately. */
  casilSummary(tenant: TenantId, summary: object): void;
  /** A payload did not fit the schema of its channel (SCH-2). */
  schemaViolation(actor: Actor, place: Place, violation: object): void;
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
  readonly nextMessageId: () => MessageId;
}

/** Activity of one Shield. */
export function createActivity(options: ActivityOptions): Activity {
  const { spine, clock, metrics } = options;
  const rations = createRations(() => clock.monotonicMs());
  const dropped = metrics.labelledCounter(
    'arqonbus_activity_dropped_total',
    'Activity events not told, by event.',
    'event',
  );
  const publish = createPublishEvent(options);
  const tell = (tenant: TenantId, type: ActivityEvent, content: object, actor?: Actor, isFlood = false): void => {
    try {
      if (rations.take(tenant, type, isFlood)) {
        const event = create(TelemetryEventSchema, {
          type,
          tenant,
          atMs: BigInt(clock.now()),
          fields: jsonBytes(content),
        });
        spine.publish(evt(tenant, type), toBinary(TelemetryEventSchema, event));
        publish(tenant, 'telemetry-stream', { eventType: type, ...content });
        if (actor !== undefined && isAgent(actor))
          publish(tenant, 'dashboard-events', agentActivity(actor, type, content));
        return;
      }
    } catch {
      // Without the Spine nobody can be told; the session itself must not feel it.
    }
    dropped.inc(type);
  };
  const tellAbout = (actor: Actor, type: ActivityEvent, more: object, isFlood = false): void =>
    tell(actor.tenant, type, { client_id: actor.clientId, user: actor.user, ...more }, actor, isFlood);
  const tellOf = (actor: Actor, type: ActivityEvent, { room, channel }: Place, more: object): void => {
    if (!isReservedRoom(room)) tellAbout(actor, type, { ...more, room, channel });
  };
  return {
    connected: (actor) => tellAbout(actor, 'client_connected', {}),
    disconnected: (actor, code) => tellAbout(actor, 'client_disconnected', { code }),
    commandExecuted: (actor, command) => tellAbout(actor, 'command_executed', { command }),
    channelCreated: (actor, place) => tellOf(actor, 'channel_created', place, {}),
    channelDeleted: (actor, place) => tellOf(actor, 'channel_deleted', place, {}),
    presence: (actor, action, place) => tellOf(actor, 'presence', place, { action }),
    messageBlocked: (actor, { stage, code, reason }) =>
      tellAbout(actor, 'message_blocked', { stage, code, reason }, stage === 'rate'),
    casilDecision: (actor, place, decision) => tellOf(actor, 'casil_decision', place, decision),
    casilSummary: (tenant, summary) => tell(tenant, 'casil_summary', summary),
    schemaViolation: (actor, place, violation) => tellOf(actor, 'schema_violation', place, violation),
    sessionEnded: (actor, code) => tellAbout(actor, 'security_violation', { code }),
    sweep: () => rations.sweep(),
  };
}

/** The room in which administrators of a tenant, and their programs, hear what goes on. */
const OBSERVED_ROOM = 'integriguard';

type PublishEvent = (tenant: TenantId, channel: 'telemetry-stream' | 'dashboard-events', payload: object) => void;

function createPublishEvent({ spine, clock, nextMessageId }: ActivityOptions): PublishEvent {
  return (tenant, channel, payload) => {
    const envelope = createEnvelope('telemetry');
    envelope.id = nextMessageId();
    envelope.timestampMs = clock.now();
    envelope.room = OBSERVED_ROOM;
    envelope.channel = channel;
    envelope.payload = jsonBytes(payload);
    spine.publish(channelOut(tenant, OBSERVED_ROOM, channel), encodeProtoEnvelope(envelope));
  };
}

function isAgent({ description }: Actor): boolean {
  return description !== undefined && description.clientType !== 'human';
}

function agentActivity({ description }: Actor, activity: ActivityEvent, content: object): object {
  return { eventType: 'agent_activity', activity, client_type: description?.clientType, ...content };
}
