import { encodeJsonEnvelope } from '@arqonbus/protocol';
import type { Envelope, TenantId } from '@arqonbus/protocol';
import { webhookEventId } from '@arqonbus/runtime';
import type { EmittedEvent, WebhookEmitter } from '@arqonbus/runtime';
import type { Appended } from '@arqonbus/spine';

/** Tells webhooks of publications, after everything that could refuse or change them (WHK-2). */
export interface PublicationHooks {
  /**
   * What is to be told of a publication, as the most redacted view shows it; undefined where nobody waits. It is made before
   * the original is on its way, since the frame that the payload lies in is not ours any longer; nothing of it is sent.
   */
  prepare(publisher: HookPublisher, envelope: Envelope): EmittedEvent | undefined;
  /** Tells it, with the place that the log gave it. Never throws. */
  send(tenant: TenantId, event: EmittedEvent, position?: Pick<Appended, 'seq' | 'epoch'>): void;
}

/** Who publishes. */
export interface HookPublisher {
  readonly tenant: TenantId;
  readonly user: string;
}

/** How often a message may have been a webhook's and come back, before it is told to none: so a circle ends (L-12). */
const MAX_HOPS = 4;

/** What whoever answers a webhook by a publication passes on, and adds one to. */
export const HOPS_HEADER = 'x-arqon-hops';

const encoder = new TextEncoder();

/** Publications told by this emitter. */
export function createPublicationHooks(emitter: WebhookEmitter): PublicationHooks {
  return {
    prepare: ({ tenant, user }, envelope) => {
      const { room, channel, id, timestampMs: atMs } = envelope;
      if (!emitter.isWanted(tenant, 'message', room, channel)) return undefined;
      // Not a number = not so few.
      if (!(Number(envelope.headers[HOPS_HEADER] ?? 0) < MAX_HOPS)) return undefined;
      // An id is its user's own, as in the log: two users may choose the same one (LOG-5).
      const eventId = webhookEventId(room, channel, user, id);
      return { type: 'message', eventId, room, channel, atMs, data: encodeJsonEnvelope(envelope) };
    },
    send: (tenant, event, position) =>
      emitter.emit(tenant, position === undefined ? event : { ...event, data: withPosition(event.data, position) }),
  };
}

/** For where there are no webhooks. */
export const NO_HOOKS: PublicationHooks = { prepare: () => undefined, send: () => undefined };

function withPosition(json: Uint8Array, { seq, epoch }: Pick<Appended, 'seq' | 'epoch'>): Uint8Array {
  const end = encoder.encode(`,"seq":${seq},"epoch":${JSON.stringify(epoch)}}`);
  const data = new Uint8Array(json.length - 1 + end.length);
  data.set(json.subarray(0, -1));
  data.set(end, json.length - 1);
  return data;
}
