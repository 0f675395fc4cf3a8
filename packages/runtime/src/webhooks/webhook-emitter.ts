import type { TenantId } from '@arqonbus/protocol';
import { WebhookEventSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { roomPartition, tenantPartition } from '@arqonbus/spine';
import type { WorkQueue } from '@arqonbus/spine';
import type { Metrics } from '@arqonbus/telemetry';
import { watchHooks } from './hooks-in-force.ts';
import type { HooksInForce, WebhookEventType } from './hooks-in-force.ts';

/** Something that happened, as it is told to webhooks. */
export interface EmittedEvent {
  readonly type: WebhookEventType;
  /** The same for the same event, whoever tells it: it is told once (WHK-2). */
  readonly eventId: string;
  /** '' = it is of no room. */
  readonly room: string;
  readonly channel: string;
  /** Wall time, ms. */
  readonly atMs: number;
  /** JSON. */
  readonly data: Uint8Array;
}

/** Brings what happens to the webhooks that wait for it. Nobody waits for it, and it never throws (WHK-2). */
export interface WebhookEmitter {
  /** False where nobody waits for such an event there: then it need not be made. Costs nothing while there are no webhooks. */
  isWanted(tenant: TenantId, type: WebhookEventType, room: string, channel: string): boolean;
  emit(tenant: TenantId, event: EmittedEvent): void;
  /** As {@link emit}, for whoever goes on only once it is in the queue: false = it is not, and is to be told again. */
  put(tenant: TenantId, event: EmittedEvent): Promise<boolean>;
}

/** Why an event was not told: too much was on its way to the queue, or the queue refused it. */
export type EmitDrop = 'slow' | 'refused';

/** What emitting needs from around it. */
export interface WebhookEmitterOptions {
  readonly queue: Pick<WorkQueue, 'add'>;
  readonly hooks: Pick<HooksInForce, 'isAny' | 'waitingFor'>;
  readonly emitted: () => void;
  readonly dropped: (reason: EmitDrop) => void;
}

/** Bytes on their way to the queue, beyond which events are dropped: the publications' own road is not to be filled. */
const MAX_UNCONFIRMED_BYTES = 2_097_152;

/** An emitter into this queue. */
export function createWebhookEmitter({ queue, hooks, emitted, dropped }: WebhookEmitterOptions): WebhookEmitter {
  let unconfirmedBytes = 0;
  const put = async (tenant: TenantId, event: EmittedEvent): Promise<boolean> => {
    const { type, eventId, room, channel, atMs } = event;
    const webhookIds = [...hooks.waitingFor(tenant, type, room, channel)];
    if (webhookIds.length === 0) return true;
    const fields = { eventId, type, room, channel, atMs: BigInt(atMs), data: event.data, webhookIds };
    const data = toBinary(WebhookEventSchema, create(WebhookEventSchema, fields));
    if (unconfirmedBytes + data.length > MAX_UNCONFIRMED_BYTES) {
      dropped('slow');
      return false;
    }
    unconfirmedBytes += data.length;
    const partition = room === '' ? tenantPartition(tenant) : roomPartition(tenant, room);
    try {
      await queue.add({ tenant, partition, id: `${type}/${eventId}`, data });
      emitted();
      return true;
    } catch {
      dropped('refused');
      return false;
    } finally {
      unconfirmedBytes -= data.length;
    }
  };
  return {
    isWanted: (tenant, type, room, channel) =>
      hooks.isAny() && hooks.waitingFor(tenant, type, room, channel).length > 0,
    emit: (tenant, event) => void put(tenant, event),
    put,
  };
}

/** What watches webhooks and tells them of events, and what ends it. */
export interface WebhookEmission {
  readonly emitter: WebhookEmitter;
  readonly hooks: HooksInForce;
}

/** Follows the webhooks of this bucket, and counts what is told to them. `onMalformed` hears of those that cannot be read. */
export function openWebhookEmission(
  bucket: Parameters<typeof watchHooks>[0],
  queue: Pick<WorkQueue, 'add'>,
  metrics: Metrics,
  service: 'shield' | 'brain',
  onMalformed: (tenant: TenantId) => void,
): WebhookEmission {
  const hooks = watchHooks(bucket, onMalformed);
  return { emitter: createWebhookEmitter({ queue, hooks, ...countEvents(metrics, service) }), hooks };
}

/** Counts what is put into the queue. Made once however often a service is started. */
export function countEvents(
  metrics: Metrics,
  service: 'shield' | 'brain',
): Pick<WebhookEmitterOptions, 'emitted' | 'dropped'> {
  const events = metrics.counter('arqonbus_webhook_events_total', 'Events put into the queue of webhooks.', {
    service,
  });
  const drops = metrics.labelledCounter(
    'arqonbus_webhook_events_dropped_total',
    'Events that webhooks waited for and that were not put into the queue, by reason.',
    'reason',
    { values: ['slow', 'refused'], labels: { service } },
  );
  return { emitted: () => events.inc(), dropped: (reason) => drops.inc(reason) };
}
